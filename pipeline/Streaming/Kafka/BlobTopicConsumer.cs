using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
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
    private const int MostUnfinished = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly KafkaClients _clients = new(options, telemetry);
    private readonly TopicNames _topics = new(options.TopicPrefix);
    private readonly BlobFolder _folder = new(options.Folder);

    /// <summary>Consumes every partition until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, options.Partitions).Select(n => RunAsync(n, cancellationToken)));

    private async Task RunAsync(int number, CancellationToken cancellationToken)
    {
        var partition = new LedgerPartition(LedgerLog.Calls, number);
        var kept = new PositionFile(Path.Combine(options.Folder, KafkaLedger.FolderName, "blobs", partition.ToString()));
        var cursor = new PartitionCursor(partition, new(_topics.Blobs, number), _clients, options.AnswerTimeout);
        await using var closing = cursor.ConfigureAwait(false);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(cursor, kept, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                telemetry.LogBlobsUnread(partition, e.Message);
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ConsumeAsync(PartitionCursor cursor, PositionFile kept, CancellationToken cancellationToken)
    {
        var unfinished = new Dictionary<Digest, Unfinished>();
        var watermark = new OffsetWatermark();
        try
        {
            for (var next = kept.Load(); ;)
            {
                var batch = await cursor.ReadAsync(next, ReadBytes).WaitAsync(cancellationToken).ConfigureAwait(false);
                foreach (var record in batch.Records)
                {
                    watermark.Track(record.Offset);
                    await TakeAsync(record, unfinished, watermark, cancellationToken).ConfigureAwait(false);
                }

                next = batch.Next;
                if (watermark.TryTakeCommittable(out var position) && position >= 0)
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
        finally
        {
            foreach (var blob in unfinished.Values)
            {
                blob.Dispose();
            }
        }
    }

    private async Task TakeAsync(LedgerRecord record, Dictionary<Digest, Unfinished> unfinished, OffsetWatermark watermark, CancellationToken cancellationToken)
    {
        if (BlobChunk.Read(record.Bytes) is not { } chunk)
        {
            telemetry.LogNoBlob(record.Offset);
            watermark.Complete(record.Offset);
            return;
        }

        if (!unfinished.TryGetValue(chunk.Blob, out var blob) || chunk.Index == 0)
        {
            // A sender that begins a blob again means all of it.
            Forget(chunk.Blob, unfinished, watermark);
            blob = unfinished[chunk.Blob] = new(Path.Combine(options.Folder, "blobs", "unfinished"), chunk);
            if (unfinished.Count > MostUnfinished)
            {
                Forget(unfinished.MinBy(static u => u.Value.Offsets[0]).Key, unfinished, watermark);
            }
        }

        blob.Add(record.Offset, chunk);
        if (!blob.IsWhole)
        {
            return;
        }

        var bytes = blob.ReadAll();
        if (Digest.Of(bytes) != chunk.Blob)
        {
            telemetry.LogBlobAltered(chunk.Blob, record.Offset);
        }
        else if (!await _folder.TryPutAsync(chunk.Blob, bytes, cancellationToken).ConfigureAwait(false))
        {
            throw new IOException($"blob {chunk.Blob} cannot be stored");
        }

        Forget(chunk.Blob, unfinished, watermark);
    }

    private static void Forget(Digest digest, Dictionary<Digest, Unfinished> unfinished, OffsetWatermark watermark)
    {
        if (unfinished.Remove(digest, out var blob))
        {
            blob.Offsets.ForEach(watermark.Complete);
            blob.Dispose();
        }
    }

    /// <summary>A blob whose pieces are still coming, in a file that goes with it.</summary>
    private sealed class Unfinished : IDisposable
    {
        private readonly FileStream _file;
        private readonly HashSet<int> _missing;
        private readonly long _size;

        public Unfinished(string folder, BlobChunk first)
        {
            Directory.CreateDirectory(folder);
            _file = new(Path.Combine(folder, $"{first.Blob}.pieces"), FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.DeleteOnClose);
            _missing = [.. Enumerable.Range(0, first.Count)];
            _size = first.BlobSize;
        }

        public List<long> Offsets { get; } = [];

        public bool IsWhole => _missing.Count == 0;

        public void Add(long offset, BlobChunk chunk)
        {
            Offsets.Add(offset);
            if (_missing.Remove(chunk.Index))
            {
                RandomAccess.Write(_file.SafeFileHandle, chunk.Bytes.Span, (long)chunk.Index * BlobChunk.Size);
            }
        }

        public byte[] ReadAll()
        {
            var bytes = new byte[_size];
            for (var at = 0; at < bytes.Length && RandomAccess.Read(_file.SafeFileHandle, bytes.AsSpan(at), at) is > 0 and var read; at += read)
            {
            }

            return bytes;
        }

        public void Dispose() => _file.Dispose();
    }
}
