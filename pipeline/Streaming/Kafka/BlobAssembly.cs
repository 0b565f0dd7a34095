using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Puts the pieces of one partition's blobs together on the disk. A piece whose first one is not here belongs to a sender that another one overtook, or to a blob
/// that was given up: it is done with, so that no position waits for it. Not thread safe.
/// </summary>
internal sealed class BlobAssembly : IDisposable
{
    /// <summary>How long after its first piece a blob may become whole, by the topic's own times. What it holds until then is a file, and the position.</summary>
    public static readonly TimeSpan LongestSending = TimeSpan.FromDays(1);

    private readonly string _pieces;
    private readonly BlobFolder _blobs;
    private readonly KafkaTelemetry _telemetry;
    private readonly Dictionary<Digest, Unfinished> _unfinished = [];
    private readonly Queue<(Digest Blob, long Offset)> _begun = new();
    private readonly OffsetWatermark _watermark = new();

    /// <param name="folder">Data folder that the blobs go to.</param>
    /// <param name="partition">Whose pieces they are.</param>
    /// <param name="blobs">Where whole ones go.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <exception cref="IOException">What an earlier one left cannot be removed.</exception>
    public BlobAssembly(string folder, LedgerPartition partition, BlobFolder blobs, KafkaTelemetry telemetry)
    {
        (_pieces, _blobs, _telemetry) = (Path.Combine(folder, "blobs", "unfinished", partition.ToString()), blobs, telemetry);
        RemovePieces();
    }

    /// <summary>Takes a record; a blob that is whole with it is stored.</summary>
    /// <param name="record">The record.</param>
    /// <param name="time">When it landed, or one after it that is taken in the same turn.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task TakeAsync(LedgerRecord record, DateTimeOffset time, CancellationToken cancellationToken)
    {
        _watermark.Track(record.Offset);
        if (BlobChunk.Read(record.Bytes) is not { } chunk)
        {
            _telemetry.LogNoBlob(record.Offset);
            _watermark.Complete(record.Offset);
            return;
        }

        if (chunk.Index == 0 && _unfinished.TryGetValue(chunk.Blob, out var begun))
        {
            // Two may send it at a time, and one of them stop: each piece counts, whoever sent it, and the whole is held against its digest.
            if (begun.Count != chunk.Count)
            {
                Forget(chunk.Blob);
            }
            else
            {
                begun.Began = time;
            }
        }

        if (!_unfinished.TryGetValue(chunk.Blob, out var blob))
        {
            if (chunk.Index > 0 || await IsThereAsync(chunk.Blob, cancellationToken).ConfigureAwait(false))
            {
                _watermark.Complete(record.Offset);
                return;
            }

            _unfinished[chunk.Blob] = blob = new(Path.Combine(_pieces, $"{chunk.Blob}.pieces"), chunk, time);
            _begun.Enqueue((chunk.Blob, record.Offset));
            Directory.CreateDirectory(_pieces);
        }

        blob.Add(record.Offset, chunk);
        if (blob.IsWhole)
        {
            await StoreAsync(chunk.Blob, blob.ReadAll(), record.Offset, cancellationToken).ConfigureAwait(false);
            Forget(chunk.Blob);
        }
    }

    /// <summary>All up to a moment was taken: what was begun long before it and is not whole never will be, for its sender begins anew by then.</summary>
    public void GiveUp(DateTimeOffset now)
    {
        while (_begun.TryPeek(out var oldest))
        {
            var blob = _unfinished.TryGetValue(oldest.Blob, out var begun) && begun.Offsets[0] == oldest.Offset ? begun : null;
            if (blob is not null && now - blob.Began <= LongestSending)
            {
                return;
            }

            _begun.Dequeue();
            if (blob is not null)
            {
                _telemetry.LogBlobGivenUp(oldest.Blob, oldest.Offset, LongestSending);
                Forget(oldest.Blob);
            }
        }
    }

    /// <summary>Whether the position to go on with after a restart moved: it stands before the first piece of a blob that is not whole.</summary>
    public bool TryTakeCommittable(out long next) => _watermark.TryTakeCommittable(out next) && next >= 0;

    public void Dispose()
    {
        try
        {
            RemovePieces();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They go when the next one begins.
        }
    }

    private void RemovePieces()
    {
        if (Directory.Exists(_pieces))
        {
            Directory.Delete(_pieces, recursive: true);
        }
    }

    // Stored once more, so that it counts as asked for now.
    private async ValueTask<bool> IsThereAsync(Digest digest, CancellationToken cancellationToken) =>
        await _blobs.GetAsync(digest, cancellationToken).ConfigureAwait(false) is { } bytes && await _blobs.TryPutAsync(digest, bytes, cancellationToken).ConfigureAwait(false);

    private async Task StoreAsync(Digest digest, byte[] bytes, long offset, CancellationToken cancellationToken)
    {
        if (Digest.Of(bytes) != digest)
        {
            _telemetry.LogBlobAltered(digest, offset);
        }
        else if (!await _blobs.TryPutAsync(digest, bytes, cancellationToken).ConfigureAwait(false))
        {
            throw new IOException($"blob {digest} cannot be stored");
        }
    }

    private void Forget(Digest digest)
    {
        if (_unfinished.Remove(digest, out var blob))
        {
            blob.Offsets.ForEach(_watermark.Complete);
            blob.Remove();
        }
    }

    /// <summary>A blob whose pieces are still coming, in a file that is open only while one is written to it: there may be many.</summary>
    private sealed class Unfinished(string path, BlobChunk first, DateTimeOffset began)
    {
        private readonly HashSet<int> _missing = [.. Enumerable.Range(0, first.Count)];

        public int Count => first.Count;

        /// <summary>When a sender last began it.</summary>
        public DateTimeOffset Began { get; set; } = began;

        public List<long> Offsets { get; } = [];

        public bool IsWhole => _missing.Count == 0;

        public void Add(long offset, BlobChunk chunk)
        {
            Offsets.Add(offset);

            // Whoever removed the file took pieces with it.
            using var file = File.OpenHandle(path, Offsets.Count == 1 ? FileMode.Create : FileMode.Open, FileAccess.Write);
            RandomAccess.Write(file, chunk.Bytes.Span, (long)chunk.Index * BlobChunk.Size);
            _missing.Remove(chunk.Index);
        }

        public byte[] ReadAll() => File.ReadAllBytes(path);

        public void Remove() => File.Delete(path);
    }
}
