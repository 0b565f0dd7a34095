using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming;

namespace McpLedger.Stages.Retention;

/// <summary>Makes read models forget what lies before a moment. Returns how many rows went.</summary>
public delegate ValueTask<long> ForgetBefore(DateTimeOffset moment, CancellationToken cancellationToken);

/// <summary>What a run of retention did.</summary>
/// <param name="Segments">Segments dropped.</param>
/// <param name="Bytes">Bytes freed, blobs included.</param>
/// <param name="Blobs">Blobs dropped that no kept event refers to.</param>
/// <param name="Rows">Rows that read models forgot.</param>
/// <param name="Refused">Why it stopped early; null when it did not.</param>
public sealed record RetentionReport(int Segments, long Bytes, long Blobs, long Rows, string? Refused)
{
    /// <summary>Whether segments were announced that go when that is sealed.</summary>
    public bool Waits { get; init; }
}

/// <summary>
/// Applies the policy: says <c>segment.dropped.v1</c>, durably, then drops the segment (once that is sealed, where a sealer runs); then the blobs that no kept event refers to, then the
/// rows of read models. What is not sealed stays, whatever the policy says. Blobs and rows follow the oldest call that is kept, whoever dropped what was before it:
/// a run that was cut short is made up for by the next, also after a start.
/// </summary>
public sealed class RetentionRun(ILedger ledger, RetentionOptions options, ForgetBefore forget, TimeProvider time)
{
    private const int ReadBytes = 4 * 1024 * 1024;
    private const int HexLength = Digest.Size * 2;

    // A blob is stored before its event. A day between leaves no event unwritten.
    private static readonly TimeSpan BlobMargin = TimeSpan.FromDays(1);

    // What was announced, with its place in the control log, until it is gone: exactly that goes, however the ledger is parted by then.
    private readonly Dictionary<LedgerPartition, Queue<(Drop Drop, long Said)>> _announced = [];
    private DateTimeOffset? _blobsSettled;
    private DateTimeOffset? _settled;

    private static ReadOnlySpan<byte> BlobMarker => "\"blob\":\"sha256/"u8;

    /// <summary>Runs; it may be run again and again.</summary>
    /// <exception cref="IOException">The disk refuses; what was dropped until then was announced.</exception>
    public async Task<RetentionReport> RunAsync(CancellationToken cancellationToken)
    {
        var dropped = new List<LedgerSegment>();
        string? refused = null;
        var waits = false;
        foreach (var partition in ledger.Partitions.Where(static p => p.Log == LedgerLog.Calls))
        {
            var announced = _announced.TryGetValue(partition, out var known) ? known : _announced[partition] = new();
            if (announced.Count == 0)
            {
                refused = await AnnounceAsync(partition, announced, cancellationToken).ConfigureAwait(false) ?? refused;
            }

            for (; announced.TryPeek(out var next); announced.Dequeue())
            {
                if (options.OnceSealed && next.Said > SealedThrough(LedgerPartition.Control))
                {
                    waits = true;
                    break;
                }

                dropped.AddRange(await ledger.DropThroughAsync(partition, next.Drop.Segment.LastOffset, cancellationToken).ConfigureAwait(false));
            }
        }

        var (blobs, bytes, rows) = (0L, 0L, 0L);
        if (await FirstKeptAsync(cancellationToken).ConfigureAwait(false) is { } kept && kept != _settled)
        {
            // It reads the whole ledger: once is enough, whatever of the rest has to be tried again.
            if (kept != _blobsSettled)
            {
                (blobs, bytes) = await DropBlobsAsync(kept - BlobMargin, cancellationToken).ConfigureAwait(false);
                _blobsSettled = kept;
            }

            await ledger.DropBlobsBeforeAsync(kept - BlobMargin, cancellationToken).ConfigureAwait(false);
            rows = await forget(kept, cancellationToken).ConfigureAwait(false);
            _settled = kept;
        }

        return new(dropped.Count, dropped.Sum(static s => s.Bytes) + bytes, blobs, rows, refused) { Waits = waits };
    }

    private long SealedThrough(LedgerPartition partition)
    {
        var tiles = new TileFolder(Path.Combine(options.Folder, "tiles"), partition);
        return tiles.Checkpoint() is { } note
            && Checkpoint.TryParse(note, out _, out var checkpoint)
            && LeafSearch.At(tiles.Read, checkpoint!.Size, checkpoint.Size - 1) is { } last
                ? last.Offset
                : -1;
    }

    /// <summary>Chooses what goes and says so in the control log.</summary>
    /// <returns>Why that is not all; null when it is.</returns>
    private async ValueTask<string?> AnnounceAsync(LedgerPartition partition, Queue<(Drop Drop, long Said)> announced, CancellationToken cancellationToken)
    {
        var segments = await ledger.ListSegmentsAsync(partition, cancellationToken).ConfigureAwait(false);
        var chosen = RetentionPolicy.Choose(segments, SealedThrough(partition), time.GetUtcNow(), options, out var refused);
        foreach (var drop in chosen)
        {
            var (segment, reason) = drop;
            var said = new SegmentDropped(segment.Partition.ToString(), segment.FirstOffset, segment.LastOffset, segment.Bytes, reason);
            using var draft = EventDraft.Write(EventId.New(time), options.Source, time.GetUtcNow(), segment.Partition.ToString(), LedgerLog.Control, null, said);
            var appended = await ledger.AppendAsync(draft, cancellationToken).ConfigureAwait(false);
            if (!appended.IsDurable)
            {
                return "the control log took no segment.dropped.v1";
            }

            announced.Enqueue((drop, appended.Offset));
        }

        return refused;
    }

    /// <summary>Time of the oldest call that is kept.</summary>
    private async ValueTask<DateTimeOffset?> FirstKeptAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? first = null;
        foreach (var partition in ledger.Partitions.Where(static p => p.Log == LedgerLog.Calls))
        {
            foreach (var segment in await ledger.ListSegmentsAsync(partition, cancellationToken).ConfigureAwait(false))
            {
                first = segment.FirstTime < (first ?? DateTimeOffset.MaxValue) ? segment.FirstTime : first;
            }
        }

        return first;
    }

    private async Task<(long Blobs, long Bytes)> DropBlobsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var store = new BlobFolder(options.Folder);
        var candidates = store.List().Where(b => b.Stored < before).ToDictionary(static b => b.Sha256, static b => b.Bytes);
        if (candidates.Count == 0)
        {
            return (0, 0);
        }

        foreach (var partition in ledger.Partitions)
        {
            await KeepReferredAsync(partition, candidates, cancellationToken).ConfigureAwait(false);
        }

        var (blobs, bytes) = (0L, 0L);
        foreach (var (blob, size) in candidates)
        {
            if (store.Delete(blob, before))
            {
                (blobs, bytes) = (blobs + 1, bytes + size);
            }
        }

        return (blobs, bytes);
    }

    private async Task KeepReferredAsync(LedgerPartition partition, Dictionary<Digest, long> candidates, CancellationToken cancellationToken)
    {
        var from = (await ledger.BoundsAsync(partition, cancellationToken).ConfigureAwait(false)).First;
        while (true)
        {
            var batch = await ledger.ReadAsync(partition, from, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                KeepReferred(record.Bytes.Span, candidates);
            }

            if (batch.Damage is { } damage)
            {
                // What cannot be read may refer to any of them.
                candidates.Clear();
                throw new IOException($"No blobs are dropped from a damaged ledger: {damage}");
            }

            if (batch.Records.Count == 0)
            {
                return;
            }

            from = batch.Next;
        }
    }

    private static void KeepReferred(ReadOnlySpan<byte> record, Dictionary<Digest, long> candidates)
    {
        Span<char> hex = stackalloc char[HexLength];
        while (record.IndexOf(BlobMarker) is >= 0 and var at)
        {
            // sha256/{two digits}/{digest}
            record = record[Math.Min(record.Length, at + BlobMarker.Length + 3)..];
            if (record.Length >= HexLength && System.Text.Ascii.ToUtf16(record[..HexLength], hex, out _) == System.Buffers.OperationStatus.Done && Digest.TryParse(hex, out var digest))
            {
                candidates.Remove(digest);
            }
        }
    }
}
