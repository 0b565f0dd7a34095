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
            while (true)
            {
                var known = options();
                if (known is not null)
                {
                    await RunAsync(known, stoppingToken).ConfigureAwait(false);
                }

                await Task.Delay(known?.Interval ?? AskAgain, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A run that was cut short has announced what it dropped; the next one goes on.
        }
    }

    private async Task RunAsync(RetentionOptions known, CancellationToken cancellationToken)
    {
        try
        {
            telemetry.Ran(await new RetentionRun(ledger, known, forget, time).RunAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            telemetry.LogFailed(e.Message);
        }
    }
}
