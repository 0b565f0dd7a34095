using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Streaming.Consuming;

/// <summary>Runs consumers as long as the process. One that ends unexpectedly takes the process with it: a projection that silently stands still is worse.</summary>
internal sealed class ConsumerService(string name, Func<CancellationToken, Task> run, ConsumerTelemetry telemetry, IHostApplicationLifetime lifetime) : BackgroundService
{
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of a hosted service: whatever ends the loop stops the process.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The loop reads synchronously while there is something to read; starting the host must not wait for that.
        await Task.Yield();
        try
        {
            await run(stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            telemetry.LogEnded(name, e);
            lifetime.StopApplication();
        }
    }
}
