using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Detection;

/// <summary>Watches the partitions of calls that are this process's, each with a consumer of its own.</summary>
internal sealed class DetectionService(
    DetectionOptions options, ILedgerReader reader, ILedgerWriter writer, IBlobStore blobs, IParkingLot parking, SharePartitions share, RunningConsumers running, ConsumerTelemetry consumers, DetectionTelemetry telemetry,
    TimeProvider time, IHostApplicationLifetime lifetime)
    : BackgroundService
{
    private static readonly ConsumerOptions Consumer = new() { Name = DetectionVoice.Name, Gathering = TimeSpan.FromMilliseconds(100) };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Yield();
            using var watching = new YieldingScheduler(DetectionVoice.Name);
            using var models = DetectionModels.Open(options, telemetry);
            await share(DetectionVoice.Name, WatchAsync, stoppingToken).ConfigureAwait(false);

            async Task WatchAsync(LedgerPartition partition, CancellationToken cancellationToken)
            {
                if (partition == LedgerPartition.Control)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
                }

                using var consumer = Open(partition, models, watching);
                await running.RunAsync(consumer, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was watched and not kept is watched again at the next start.
        }
        finally
        {
            if (!stoppingToken.IsCancellationRequested)
            {
                lifetime.StopApplication();
            }
        }
    }

    private PartitionConsumer Open(LedgerPartition partition, DetectionModels models, YieldingScheduler watching)
    {
        var watch = CallWatch.Of(models, options, reader.Partitions);
        var voice = new DetectionVoice(writer, reader, options, time, partition);
        var handler = new DetectionHandler(partition, watch, voice, reader, blobs, watching, options, telemetry, time);
        telemetry.LogOpened(partition, models.Injection?.Id ?? "no injection model", models.Behaviour?.Id ?? "no session model");
        return new(Consumer, partition, reader, handler, parking, time, consumers);
    }
}
