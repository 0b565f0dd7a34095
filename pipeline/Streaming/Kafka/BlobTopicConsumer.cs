using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Fills a blob folder from the blobs topic. Pieces are put together on the disk and the whole is held against its digest before it gets its name. Positions lie in
/// <c>kafka/blobs/{partition}</c> and stand before the first piece of a blob that is not whole.
/// </summary>
public sealed class BlobTopicConsumer(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time)
{
    private const int ReadBytes = 2 * BlobChunk.Size;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly KafkaClients _clients = new(options, telemetry);
    private readonly TopicNames _topics = new(options.TopicPrefix);
    private readonly BlobFolder _folder = new(options.Folder);

    /// <summary>Consumes every partition until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, options.Partitions).Select(n => RunAsync(n, cancellationToken)));

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of a partition's work: whatever ended it is told and it begins anew, for nobody else fills this folder.")]
    private async Task RunAsync(int number, CancellationToken cancellationToken)
    {
        var partition = new LedgerPartition(LedgerLog.Calls, number);
        var kept = new PositionFile(Path.Combine(options.Folder, KafkaLedger.FolderName, "blobs", partition.ToString()));
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(partition, kept, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                telemetry.LogBlobsUnread(partition, e);
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ConsumeAsync(LedgerPartition partition, PositionFile kept, CancellationToken cancellationToken)
    {
        var cursor = new PartitionCursor(partition, new(_topics.Blobs, partition.Number), _clients, options.AnswerTimeout);
        await using var closing = cursor.ConfigureAwait(false);
        using var blobs = new BlobAssembly(options.Folder, _folder, telemetry);
        for (var next = kept.Load(); ;)
        {
            var batch = await cursor.ReadAsync(next, ReadBytes).WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                await blobs.TakeAsync(record, cancellationToken).ConfigureAwait(false);
            }

            next = batch.Next;
            if (blobs.TryTakeCommittable(out var position))
            {
                kept.Save(position);
            }

            if (batch.Damage is { } damage)
            {
                throw new IOException(damage);
            }

            if (batch.Records.Count == 0)
            {
                await cursor.WaitAsync(next, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
