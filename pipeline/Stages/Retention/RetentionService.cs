using System.Diagnostics.CodeAnalysis;
using McpLedger.Streaming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Retention;

/// <summary>Runs retention at its interval.</summary>
internal sealed class RetentionService(Func<RetentionOptions?> options, ILedger ledger, ForgetBefore forget, RetentionTelemetry telemetry, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    // What was announced is sealed within a second or two, unless nothing is.
    private static readonly TimeSpan ForSeal = TimeSpan.FromSeconds(5);

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
                var waits = await RunAsync(run, stoppingToken).ConfigureAwait(false);
                await Task.Delay(waits && known.Interval > ForSeal ? ForSeal : known.Interval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A run that was cut short has announced what it dropped; the next one goes on.
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of a run: disk, read models and their databases fail in their own ways, and the next run goes on where this one ended.")]
    private async Task<bool> RunAsync(RetentionRun run, CancellationToken stoppingToken)
    {
        try
        {
            var report = await run.RunAsync(stoppingToken).ConfigureAwait(false);
            telemetry.Ran(report);
            return report.Waits;
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            telemetry.LogFailed(e);
            return false;
        }
    }
}
