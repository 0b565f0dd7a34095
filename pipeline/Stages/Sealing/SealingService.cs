using McpLedger.Streaming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Sealing;

/// <summary>Seals every partition of the ledger, each in a loop of its own, and tells the log of replaced keys.</summary>
internal sealed class SealingService(
    Func<SealingOptions?> options, SealingKeys keys, ILedgerReader reader, ILedgerWriter writer, SealingTelemetry telemetry, TimeProvider time, IHostApplicationLifetime lifetime)
    : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Yield();
            var (known, store) = await OpenAsync(stoppingToken).ConfigureAwait(false);
            var voice = new SealerVoice(writer, reader, known, time);
            var partitions = reader.Partitions.Select(p => new PartitionSealing(p, reader, voice, store, known, telemetry, time));
            await Task.WhenAll([TellRotationsAsync(store, voice, known, stoppingToken), .. partitions.Select(p => p.RunAsync(stoppingToken))]).ConfigureAwait(false);
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

    /// <summary>Waits until the ledger says who it is and the keys can be had.</summary>
    private async Task<(SealingOptions Options, SigningKeyStore Keys)> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (options() is { } known)
                {
                    return (known, keys.Open(known, reader.Partitions));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                telemetry.LogNoKeys(e.Message);
            }

            await Task.Delay(AskAgain, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TellRotationsAsync(SigningKeyStore store, SealerVoice voice, SealingOptions known, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (store.Unannounced() is { } rotation && await voice.RotatedAsync(rotation, cancellationToken).ConfigureAwait(false))
                {
                    store.Announced();
                    telemetry.LogRotated(rotation.By, rotation.New);
                }

                store.FinishRotation(known.Tiles);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                telemetry.LogNoKeys(e.Message);
            }

            await Task.Delay(known.Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
