using McpLedger.Streaming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Sealing;

/// <summary>Seals every partition of the ledger, each in a loop of its own, and tells the log of replaced keys.</summary>
internal sealed class SealingService(
    ILedgerReader reader, ILedgerWriter writer, SigningKeyStore keys, SealingOptions options, SealingTelemetry telemetry, TimeProvider time, IHostApplicationLifetime lifetime)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var voice = new SealerVoice(writer, reader, options, time);
            var partitions = reader.Partitions.Select(p => new PartitionSealing(p, reader, voice, keys, options, telemetry, time)).ToList();
            await Task.WhenAll([TellRotationsAsync(voice, partitions, stoppingToken), .. partitions.Select(p => p.RunAsync(stoppingToken))]).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was taken and not committed is read again at the next start.
        }
        finally
        {
            if (!stoppingToken.IsCancellationRequested)
            {
                lifetime.StopApplication();
            }
        }
    }

    private async Task TellRotationsAsync(SealerVoice voice, List<PartitionSealing> partitions, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (keys.Unannounced() is { } rotation && await voice.RotatedAsync(rotation, cancellationToken).ConfigureAwait(false))
            {
                keys.Announced();
                telemetry.LogRotated(rotation.By, rotation.New);
            }

            if (partitions.TrueForAll(static p => p.IsSignedByPresentKey))
            {
                keys.FinishRotation();
            }

            await Task.Delay(options.Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
