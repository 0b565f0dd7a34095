using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Blobs;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Fills a blob folder from the blobs topic. Pieces are put together on the disk and the whole is held against its digest before it gets its name. Positions lie in
/// <c>kafka/blobs/{partition}</c> and stand before the first piece of a blob that is not whole. A topic that was made anew, or has lost its end, is read from its first record on: what is there already costs only the reading.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore has no handle.")]
public sealed class BlobTopicConsumer(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time)
{
    private const int ReadBytes = 2 * BlobChunk.Size;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAtMost = TimeSpan.FromMinutes(1);

    private readonly KafkaClients _clients = new(options, telemetry);
    private readonly TopicNames _topics = new(options.TopicPrefix);
    private readonly BlobFolder _folder = new(options.Folder);
    private readonly SemaphoreSlim _looking = new(1, 1);
    private readonly TimeSpan _lookEvery = options.VerifyInterval < LookAtMost ? options.VerifyInterval : LookAtMost;
    private EventId? _topic;
    private long? _looked;

    /// <summary>Consumes every partition until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, options.Partitions).Select(n => RunAsync(n, cancellationToken)));

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of a partition's work: whatever ended it is told and it begins anew, for nobody else fills this folder.")]
    private async Task RunAsync(int number, CancellationToken cancellationToken)
    {
        var partition = new LedgerPartition(LedgerLog.Calls, number);
        var kept = new BlobPosition(Path.Combine(options.Folder, KafkaLedger.FolderName, "blobs", partition.ToString()));
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

    private async Task ConsumeAsync(LedgerPartition partition, BlobPosition kept, CancellationToken cancellationToken)
    {
        var topic = await TopicAsync(time.GetTimestamp(), cancellationToken).ConfigureAwait(false);
        var cursor = new PartitionCursor(partition, new(_topics.Blobs, partition.Number), _clients, options.AnswerTimeout);
        await using var closing = cursor.ConfigureAwait(false);
        var next = await BeginAsync(partition, kept, topic, cursor, cancellationToken).ConfigureAwait(false);
        using var blobs = new BlobAssembly(options.Folder, partition, _folder, telemetry);
        while (await TopicAsync(time.GetTimestamp() - (long)(_lookEvery.TotalSeconds * time.TimestampFrequency), cancellationToken).ConfigureAwait(false) == topic)
        {
            var batch = await cursor.ReadAsync(next, ReadBytes).WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                await blobs.TakeAsync(record, cursor.Time, cancellationToken).ConfigureAwait(false);
            }

            blobs.GiveUp(cursor.Time);
            next = batch.Next;
            if (blobs.TryTakeCommittable(out var position))
            {
                kept.Save(position, topic);
            }

            if ((batch.Damage ?? (batch.Records.Count == 0 ? await WaitAsync(cursor, next, cancellationToken).ConfigureAwait(false) : null)) is { } damage)
            {
                throw new IOException(damage);
            }
        }
    }

    private async Task<long> BeginAsync(LedgerPartition partition, BlobPosition kept, EventId? topic, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        var (next, before) = kept.Load();
        var end = (await cursor.BoundsAsync().WaitAsync(cancellationToken).ConfigureAwait(false)).End;
        var why = before is not null && topic is not null && before != topic ? $"their topic was {before}, and {topic} stands under its name"
            : next > end ? string.Create(CultureInfo.InvariantCulture, $"they were read up to offset {next}, and the topic ends at {end}")
            : null;
        if (why is not null)
        {
            telemetry.LogBlobsAnew(partition, why);
            next = 0;
        }

        if (why is not null || before != topic)
        {
            kept.Save(next, topic);
        }

        return next;
    }

    /// <summary>Waits for a record, or until the topic is to be looked at again.</summary>
    private async Task<string?> WaitAsync(PartitionCursor cursor, long next, CancellationToken cancellationToken)
    {
        using var due = new CancellationTokenSource(_lookEvery, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
        return await cursor.WaitAsync(next, waiting.Token).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Which topic it is, by a look that is not older than a moment: all partitions share it.</summary>
    /// <exception cref="IOException">The cluster does not answer.</exception>
    private async Task<EventId?> TopicAsync(long since, CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_looked is not { } looked || looked < since)
            {
                var now = time.GetTimestamp();
                _topic = await new KafkaTopics(options, _clients, telemetry).BlobsAsync(cancellationToken).ConfigureAwait(false);
                _looked = now;
            }

            return _topic;
        }
        finally
        {
            _looking.Release();
        }
    }
}
