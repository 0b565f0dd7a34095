using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;

namespace McpLedger.Stages.Verification;

/// <summary>
/// Verifies a ledger offline, from its files (or a reader of its records) and from public keys: record bytes against leaves, leaves against tiles, tiles against the signed root,
/// records against their chains, blobs against their events, and the whole against checkpoints that were kept. It changes nothing.
/// </summary>
public sealed class LedgerVerification(VerificationRequest request, TimeProvider time)
{
    private readonly List<VerificationFinding> _findings = [];
    private readonly SilentWriters _writers = new();

    /// <summary>Verifies everything.</summary>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    public VerificationReport VerifyAll(IProgress<VerificationProgress> progress, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var coverage = new List<PartitionCoverage>();
        var said = new SaidInControl();
        var partitions = Partitions();
        for (var i = 0; i < partitions.Count; i++)
        {
            coverage.Add(VerifyPartition(partitions[i], said, progress, coverage.Sum(static c => c.Bytes), cancellationToken));
            if (partitions[i].Log == LedgerLog.Control)
            {
                partitions.AddRange(said.Named.Except(partitions).OrderBy(static p => p.Number));
            }
        }

        _writers.Tell(_findings);
        return new() { Findings = [.. _findings], Partitions = coverage, Elapsed = time.GetElapsedTime(began) };
    }

    /// <summary>Verifies one event: its record, its leaf, the proof that the leaf is in the signed tree.</summary>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    public VerificationReport VerifyEvent(EventId id, CancellationToken cancellationToken)
    {
        foreach (var partition in Partitions())
        {
            var tiles = Tiles(partition);
            if (tiles.Checkpoint() is { } note && Checkpoint.TryParse(note, out _, out var checkpoint) && LeafSearch.ByEvent(tiles.Read, checkpoint!.Size, id) is { } index)
            {
                return VerifyRange(partition, index, index + 1, cancellationToken);
            }
        }

        _findings.Add(new() { Check = VerificationChecks.NotSealed, Severity = VerificationSeverity.Broken, Partition = LedgerPartition.Calls, Event = id, Expected = "a leaf that commits to the event", Found = "none" });
        return new() { Findings = [.. _findings], Partitions = [], Elapsed = TimeSpan.Zero };
    }

    /// <summary>Verifies the sealed records from one offset to another (inclusive).</summary>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    public VerificationReport VerifyOffsets(LedgerPartition partition, long first, long last, CancellationToken cancellationToken)
    {
        var tiles = Tiles(partition);
        var size = tiles.Checkpoint() is { } note && Checkpoint.TryParse(note, out _, out var checkpoint) ? checkpoint!.Size : 0;
        var end = last == long.MaxValue ? size : LeafSearch.ByOffset(tiles.Read, size, last + 1);
        return VerifyRange(partition, LeafSearch.ByOffset(tiles.Read, size, first), end, (first, last), cancellationToken);
    }

    /// <summary>Verifies the records of leaves <paramref name="start"/> to <paramref name="end"/> (exclusive).</summary>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    public VerificationReport VerifyRange(LedgerPartition partition, long start, long end, CancellationToken cancellationToken) => VerifyRange(partition, start, end, null, cancellationToken);

    private VerificationReport VerifyRange(LedgerPartition partition, long start, long end, (long First, long Last)? offsets, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var tiles = Tiles(partition);
        var checkpoint = CheckpointTrust.Read(partition, tiles.Checkpoint(), request.Trusted, _findings);
        var range = new RangeVerification(partition, checkpoint, tiles, ScanOf(partition), request.Blobs ? new(request.Folder, partition, _findings) : null, new(() => ReadControl(cancellationToken)), _findings);
        if (checkpoint is not null)
        {
            CheckKept(partition, checkpoint, tiles);
            range.Verify(start, end, cancellationToken);
            if (offsets is { } asked)
            {
                range.Bound(start, end, asked.First, asked.Last);
            }
        }

        return new()
        {
            Findings = [.. _findings],
            Partitions = [new(partition, checkpoint, range.Records, range.Bytes, range.Dropped, 0, range.Blobs)],
            Elapsed = time.GetElapsedTime(began),
        };
    }

    private PartitionCoverage VerifyPartition(LedgerPartition partition, SaidInControl said, IProgress<VerificationProgress> progress, long before, CancellationToken cancellationToken)
    {
        var tiles = Tiles(partition);
        var checkpoint = CheckpointTrust.Read(partition, tiles.Checkpoint(), request.Trusted, _findings);
        if (checkpoint is not null)
        {
            CheckKept(partition, checkpoint, tiles);
        }

        var verifier = new PartitionVerifier(partition, checkpoint ?? new("", 0, MerkleTree.EmptyRoot), tiles.Read, _findings);
        var blobs = new BlobCheck(request.Folder, partition, _findings);
        var feed = new Feed(verifier, request.Blobs ? blobs : null, partition.Log == LedgerLog.Control ? said : null, _writers, partition, n => progress.Report(new(partition, verifier.Records, checkpoint?.Size ?? 0, before + n)));
        ScanOf(partition).Read(0, long.MaxValue, feed, cancellationToken);
        verifier.Complete();
        var dropped = JudgeFront(partition, verifier, said, cancellationToken);
        AcceptedStretches.Judge(partition, tiles, checkpoint?.Size ?? 0, LedgerFolder(partition), said.Accepted, _findings);
        feed.Tell();
        return new(partition, checkpoint, verifier.Records, feed.Bytes, dropped, verifier.Unsealed, blobs.Blobs);
    }

    /// <summary>What the sealed control log says; nothing where it does not verify, for then it may say anything.</summary>
    private SaidInControl ReadControl(CancellationToken cancellationToken)
    {
        var said = new SaidInControl();
        List<VerificationFinding> findings = [];
        foreach (var control in Partitions().Where(static p => p.Log == LedgerLog.Control))
        {
            var tiles = Tiles(control);
            var checkpoint = CheckpointTrust.Read(control, tiles.Checkpoint(), request.Trusted, findings);
            var verifier = new PartitionVerifier(control, checkpoint ?? new("", 0, MerkleTree.EmptyRoot), tiles.Read, findings);
            ScanOf(control).Read(0, long.MaxValue, new Feed(verifier, null, said, null, control, static _ => { }), cancellationToken);
            verifier.Complete();
            AcceptedStretches.Judge(control, tiles, checkpoint?.Size ?? 0, LedgerFolder(control), said.Accepted, findings);
        }

        return findings.Any(static f => f.Severity == VerificationSeverity.Broken) ? new() : said;
    }

    /// <summary>Records are missing at the front: retention's own word in the control log makes that a fact.</summary>
    private long JudgeFront(LedgerPartition partition, PartitionVerifier verifier, SaidInControl said, CancellationToken cancellationToken)
    {
        if (verifier.Front is not { } front)
        {
            return 0;
        }

        // A ledger that lives may have said and dropped more since its control log was read.
        var declared = said.HasDropped(partition, front.First.Offset, front.Last.Offset) || ReadControl(cancellationToken).HasDropped(partition, front.First.Offset, front.Last.Offset);
        _findings.Add(new()
        {
            Check = declared ? VerificationChecks.SegmentsDropped : VerificationChecks.RecordsMissing,
            Severity = declared ? VerificationSeverity.Fact : VerificationSeverity.Broken,
            Partition = partition,
            Offset = front.First.Offset,
            Event = front.First.Event,
            Leaf = 0,
            Count = front.Count,
            Expected = string.Create(CultureInfo.InvariantCulture, $"events {front.First.Event} to {front.Last.Event}, offsets {front.First.Offset} to {front.Last.Offset}"),
            Found = declared ? "dropped by retention, as the control log says"
                : said.SaysUnsealed(partition, front.First.Offset, front.Last.Offset) ? "none, and that they were dropped is said only in a record that no checkpoint covers; verify again once it is sealed"
                : "none, and the control log does not say that they were dropped",
        });
        return declared ? front.Count : 0;
    }

    private void CheckKept(LedgerPartition partition, Checkpoint checkpoint, TileFolder tiles)
    {
        foreach (var kept in request.Kept)
        {
            if (CheckpointTrust.PartitionOf(kept.Span) is not { } of || of == partition)
            {
                CheckpointTrust.Extends(partition, kept.Span, checkpoint, tiles.Read, request.Trusted, _findings);
            }
        }
    }

    /// <summary>Every partition that has records or tiles, a kept checkpoint or a key that is believed: one whose folders are gone is missed. Control first, because it says what was dropped.</summary>
    private List<LedgerPartition> Partitions() =>
        [.. Names(Path.Combine(request.Folder, "ledger"))
            .Concat(request.Records?.Partitions ?? [])
            .Concat(Names(Path.Combine(request.Folder, "tiles")))
            .Concat(request.Kept.Select(static k => CheckpointTrust.PartitionOf(k.Span)).OfType<LedgerPartition>())
            .Concat(OfKeys())
            .Distinct()
            .OrderByDescending(static p => p.Log)
            .ThenBy(static p => p.Number)];

    // Somebody who keeps the keys of several ledgers in one file misses only what is of this one.
    private IEnumerable<LedgerPartition> OfKeys()
    {
        var prefixes = Names(Path.Combine(request.Folder, "tiles"))
            .Select(partition => CheckpointTrust.PrefixOf(partition, Tiles(partition).Checkpoint(), request.Trusted))
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        return request.Trusted.Where(key => prefixes.Count == 0 || prefixes.Contains(CheckpointTrust.PrefixOf(key.Name))).Select(CheckpointTrust.PartitionOf).OfType<LedgerPartition>();
    }

    private static IEnumerable<LedgerPartition> Names(string folder) => !Directory.Exists(folder) ? [] :
        from path in Directory.EnumerateDirectories(folder)
        let known = LedgerPartition.TryParse(Path.GetFileName(path), out var partition) ? partition : (LedgerPartition?)null
        where known is not null
        select known.Value;

    private TileFolder Tiles(LedgerPartition partition) => new(Path.Combine(request.Folder, "tiles"), partition);

    private IRecordScan ScanOf(LedgerPartition partition) =>
        request.Records is { } reader && reader.Partitions.Contains(partition) ? new ReaderScan(reader, partition) : new SegmentScan(LedgerFolder(partition));

    private string LedgerFolder(LedgerPartition partition) => Path.Combine(request.Folder, "ledger", partition.ToString());

    private sealed class Feed(PartitionVerifier verifier, BlobCheck? blobs, SaidInControl? said, SilentWriters? writers, LedgerPartition partition, Action<long> tell) : ISegmentVisitor
    {
        private const int TellEvery = 4096;

        public long Bytes { get; private set; }

        public void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
        {
            Bytes += bytes.Length;
            var isSealed = verifier.Feed(offset, bytes, checksumHolds);
            said?.Take(bytes, isSealed);
            blobs?.Check(offset, bytes);
            writers?.Take(partition, offset, bytes);
            if (verifier.Records % TellEvery == 0)
            {
                Tell();
            }
        }

        public void Damage(long offset, string what, bool atTheEnd) => verifier.Damaged(offset, what, atTheEnd);

        public void Tell() => tell(Bytes);
    }
}
