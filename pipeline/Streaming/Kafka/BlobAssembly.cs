using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Puts the pieces of one partition's blobs together on the disk. A piece whose first one is not here belongs to a sender that another one overtook, or to a blob
/// that was given up: it is done with, so that no position waits for it. Not thread safe.
/// </summary>
internal sealed class BlobAssembly(string folder, BlobFolder blobs, KafkaTelemetry telemetry) : IDisposable
{
    private const int MostUnfinished = 256;

    private readonly string _pieces = Path.Combine(folder, "blobs", "unfinished");
    private readonly Dictionary<Digest, Unfinished> _unfinished = [];
    private readonly OffsetWatermark _watermark = new();

    /// <summary>Takes a record; a blob that is whole with it is stored.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task TakeAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        _watermark.Track(record.Offset);
        if (BlobChunk.Read(record.Bytes) is not { } chunk)
        {
            telemetry.LogNoBlob(record.Offset);
            _watermark.Complete(record.Offset);
            return;
        }

        if (chunk.Index == 0)
        {
            // A sender that begins a blob again means all of it.
            Forget(chunk.Blob);
        }

        if (!_unfinished.TryGetValue(chunk.Blob, out var blob))
        {
            if (chunk.Index > 0 || await IsThereAsync(chunk.Blob, cancellationToken).ConfigureAwait(false))
            {
                _watermark.Complete(record.Offset);
                return;
            }

            blob = Begin(chunk);
        }

        blob.Add(record.Offset, chunk);
        if (blob.IsWhole)
        {
            await StoreAsync(chunk.Blob, blob.ReadAll(), record.Offset, cancellationToken).ConfigureAwait(false);
            Forget(chunk.Blob);
        }
    }

    /// <summary>Whether the position to go on with after a restart moved: it stands before the first piece of a blob that is not whole.</summary>
    public bool TryTakeCommittable(out long next) => _watermark.TryTakeCommittable(out next) && next >= 0;

    public void Dispose()
    {
        foreach (var blob in _unfinished.Values)
        {
            blob.Dispose();
        }
    }

    // Stored once more, so that it counts as asked for now.
    private async ValueTask<bool> IsThereAsync(Digest digest, CancellationToken cancellationToken) =>
        await blobs.GetAsync(digest, cancellationToken).ConfigureAwait(false) is { } bytes && await blobs.TryPutAsync(digest, bytes, cancellationToken).ConfigureAwait(false);

    private Unfinished Begin(BlobChunk first)
    {
        if (_unfinished.Count >= MostUnfinished)
        {
            var oldest = _unfinished.MinBy(static u => u.Value.Offsets[0]);
            telemetry.LogBlobGivenUp(oldest.Key, oldest.Value.Offsets[0], MostUnfinished);
            Forget(oldest.Key);
        }

        return _unfinished[first.Blob] = new(_pieces, first);
    }

    private async Task StoreAsync(Digest digest, byte[] bytes, long offset, CancellationToken cancellationToken)
    {
        if (Digest.Of(bytes) != digest)
        {
            telemetry.LogBlobAltered(digest, offset);
        }
        else if (!await blobs.TryPutAsync(digest, bytes, cancellationToken).ConfigureAwait(false))
        {
            throw new IOException($"blob {digest} cannot be stored");
        }
    }

    private void Forget(Digest digest)
    {
        if (_unfinished.Remove(digest, out var blob))
        {
            blob.Offsets.ForEach(_watermark.Complete);
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
