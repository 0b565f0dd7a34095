using System.Diagnostics.CodeAnalysis;
using McpLedger.Streaming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Retention;

/// <summary>Runs retention at its interval.</summary>
internal sealed class RetentionService(Func<RetentionOptions?> options, ILedger ledger, ForgetBefore forget, RetentionTelemetry telemetry, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            RetentionOptions? known;
            while ((known = options()) is null)
            {
                await Task.Delay(AskAgain, time, stoppingToken).ConfigureAwait(false);
            }

            for (var run = new RetentionRun(ledger, known, forget, time); ;)
            {
                await RunAsync(run, stoppingToken).ConfigureAwait(false);
                await Task.Delay(known.Interval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A run that was cut short has announced what it dropped; the next one goes on.
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of a run: disk, read models and their databases fail in their own ways, and the next run goes on where this one ended.")]
    private async Task RunAsync(RetentionRun run, CancellationToken stoppingToken)
    {
        try
        {
            telemetry.Ran(await run.RunAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            telemetry.LogFailed(e);
        }
    }
}
