using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Sealing;

/// <summary>Seals the partitions that are this process's, each in a loop of its own, and tells the log of replaced keys.</summary>
internal sealed class SealingService(
    Func<SealingOptions?> options, SealingKeys keys, ILedgerReader reader, ILedgerWriter writer, SharePartitions share, SealingTelemetry telemetry, SealingHealth health, TimeProvider time, IHostApplicationLifetime lifetime)
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
            await Companions.RunAsync([ending => TellRotationsAsync(store, voice, known, ending), ending => share("sealer", SealAsync, ending)], stoppingToken).ConfigureAwait(false);

            async Task SealAsync(LedgerPartition partition, CancellationToken cancellationToken)
            {
                try
                {
                    await new PartitionSealing(partition, reader, voice, store, known, telemetry, health, time).RunAsync(cancellationToken).ConfigureAwait(false);

                    // It was refused or fenced: as long as the partition is this process's, that is for an operator to look at.
                    await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    telemetry.Forget(partition);
                    health.Goes(partition);
                }
            }
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
                    var opened = keys.Open(known, reader.Partitions);
                    health.Keys(areThere: true);
                    return (known, opened);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                health.Keys(areThere: false);
                telemetry.NoKeys(e.Message);
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
                telemetry.NoKeys(e.Message);
            }

            await Task.Delay(known.Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
