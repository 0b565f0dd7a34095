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
        var partitions = Partitions();
        SaidInControl? said = null;
        for (var i = 0; i < partitions.Count; i++)
        {
            var (partition, before) = (partitions[i], coverage.Sum(static c => c.Bytes));
            var told = new Told(_writers, (records, total, bytes) => progress.Report(new(partition, records, total, before + bytes)));
            var held = said is null ? HoldControl(told, cancellationToken) : Hold(partition, said, told, cancellationToken);
            coverage.Add(Judge(held, said ?? held.Said, cancellationToken));
            if (said is null)
            {
                said = held.Said;
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
        List<VerificationFinding> doubts = [];
        var checkpoint = ReadCheckpoint(partition, doubts);
        _findings.AddRange(doubts);
        var word = new ControlWord(null, () => ReadControl(cancellationToken));
        var accepted = new AcceptedStretches(partition, tiles, checkpoint?.Size ?? 0, LedgerFolder(partition), () => word.Said);
        var blobs = request.Blobs ? new BlobCheck(request.Folder, partition, _findings) : null;
        var range = new RangeVerification(partition, checkpoint, tiles, ScanOf(partition, accepted, _findings), blobs, word, _findings);
        if (checkpoint is not null)
        {
            CheckKept(partition, checkpoint);

            // Whoever made up a checkpoint made up how many leaves there would be to go through, and nothing that they lead to is proved.
            if (doubts.Count == 0)
            {
                range.Verify(start, end, cancellationToken);
                if (offsets is { } asked)
                {
                    range.Bound(start, end, asked.First, asked.Last);
                }
            }

            CheckKeptOfOthers(partition);
        }

        accepted.Explain(_findings);
        blobs?.Tell(word, _findings);
        return new()
        {
            Findings = [.. _findings],
            Partitions = [new(partition, checkpoint, range.Records, range.Bytes, range.Dropped, 0, range.Blobs)],
            Elapsed = time.GetElapsedTime(began),
        };
    }

    /// <summary>Holds the control log against its leaves. Damage of its own that was accepted is known from it alone: it is read once more, over what the first reading found to be accepted.</summary>
    private Held HoldControl(Told told, CancellationToken cancellationToken)
    {
        var held = Hold(LedgerPartition.Control, new(), told, cancellationToken);
        return held.Said.Accepted.Exists(static a => a.Damage.Partition == LedgerPartition.Control.ToString()) ? Hold(LedgerPartition.Control, held.Said, told, cancellationToken) : held;
    }

    private Held Hold(LedgerPartition partition, SaidInControl known, Told told, CancellationToken cancellationToken)
    {
        List<VerificationFinding> findings = [];
        var tiles = Tiles(partition);
        var checkpoint = ReadCheckpoint(partition, findings);
        var verifier = new PartitionVerifier(partition, checkpoint ?? new("", 0, MerkleTree.EmptyRoot), tiles.Read, findings);
        var accepted = new AcceptedStretches(partition, tiles, checkpoint?.Size ?? 0, LedgerFolder(partition), () => known);
        var blobs = new BlobCheck(request.Folder, partition, findings);
        var said = new SaidInControl();
        var feed = new Feed(verifier, request.Blobs ? blobs : null, partition == LedgerPartition.Control ? said : null, partition, checkpoint?.Size ?? 0, told);
        ScanOf(partition, accepted, findings).Read(0, long.MaxValue, feed, cancellationToken);
        verifier.Complete();
        accepted.Explain(findings);
        feed.Tell();
        return new(partition, checkpoint, verifier, blobs, feed.Bytes, said, findings);
    }

    /// <summary>What the sealed control log says; nothing where it does not verify, for then it may say anything.</summary>
    private SaidInControl ReadControl(CancellationToken cancellationToken)
    {
        request.Renew?.Invoke(LedgerPartition.Control);
        var held = HoldControl(new(null, static (_, _, _) => { }), cancellationToken);
        return held.Findings.Exists(static f => f.Severity == VerificationSeverity.Broken) || held.Verifier.Gone.Count > 0 ? new() : held.Said;
    }

    private PartitionCoverage Judge(Held held, SaidInControl said, CancellationToken cancellationToken)
    {
        var partition = held.Partition;
        _findings.AddRange(held.Findings);
        if (held.Checkpoint is { } checkpoint)
        {
            CheckKept(partition, checkpoint);
            if (said.Signed.TryGetValue(partition, out var signed))
            {
                CheckpointTrust.Extends(
                    partition, new(signed.Origin, signed.Size, signed.Root), checkpoint, Tiles(partition).Read, "as the sealed control log says; a copy of a ledger that runs has to be one that took the control log first", _findings);
            }
        }

        var word = new ControlWord(said, () => ReadControl(cancellationToken));
        var dropped = held.Verifier.Gone.Sum(gone => JudgeGone(partition, gone, word));
        held.Blobs.Tell(word, _findings);
        return new(partition, held.Checkpoint, held.Verifier.Records, held.Bytes, dropped, held.Verifier.Unsealed, held.Blobs.Blobs);
    }

    /// <summary>What would hold these records is not there: retention's own word in the control log makes that a fact.</summary>
    private long JudgeGone(LedgerPartition partition, GoneRecords gone, ControlWord word)
    {
        var declared = word.HasDropped(partition, gone.First.Offset, gone.Last.Offset);
        _findings.Add(new()
        {
            Check = declared ? VerificationChecks.SegmentsDropped : VerificationChecks.RecordsMissing,
            Severity = declared ? VerificationSeverity.Fact : VerificationSeverity.Broken,
            Partition = partition,
            Offset = gone.First.Offset,
            Event = gone.First.Event,
            Leaf = gone.Leaf,
            Count = gone.Count,
            Expected = string.Create(CultureInfo.InvariantCulture, $"events {gone.First.Event} to {gone.Last.Event}, offsets {gone.First.Offset} to {gone.Last.Offset}"),
            Found = declared ? "dropped by retention, as the control log says"
                : word.SaysUnsealed(partition, gone.First.Offset, gone.Last.Offset) ? "none, and that they were dropped is said only in a record that no checkpoint covers; verify again once it is sealed"
                : "none, and the control log does not say that they were dropped",
        });
        return declared ? gone.Count : 0;
    }

    /// <summary>Reads and judges a checkpoint. Keys of several ledgers may be believed at once: a partition is of the ledger that its control log is of.</summary>
    private Checkpoint? ReadCheckpoint(LedgerPartition partition, List<VerificationFinding> findings)
    {
        var note = Tiles(partition).Checkpoint();
        var checkpoint = CheckpointTrust.Read(partition, note, request.Trusted, findings);
        if (CheckpointTrust.PrefixOf(partition, note, request.Trusted) is { } prefix
            && CheckpointTrust.PrefixOf(LedgerPartition.Control, Tiles(LedgerPartition.Control).Checkpoint(), request.Trusted) is { } own && own != prefix)
        {
            findings.Add(new()
            {
                Check = VerificationChecks.WrongOrigin, Severity = VerificationSeverity.Broken, Partition = partition, Expected = $"{own}{partition}, as the control log's is {own}{LedgerPartition.Control}", Found = checkpoint!.Origin,
            });
        }

        return checkpoint;
    }

    private void CheckKept(LedgerPartition partition, Checkpoint checkpoint)
    {
        foreach (var kept in request.Kept.Where(k => CheckpointTrust.PartitionOf(k.Span) is not { } of || of == partition))
        {
            CheckpointTrust.Extends(partition, kept.Span, checkpoint, Tiles(partition).Read, request.Trusted, _findings);
        }
    }

    // Whoever names a checkpoint believes afterwards that it was checked, whatever part of the ledger was asked for.
    private void CheckKeptOfOthers(LedgerPartition partition)
    {
        foreach (var other in request.Kept.Select(static k => CheckpointTrust.PartitionOf(k.Span)).OfType<LedgerPartition>().Distinct().Where(of => of != partition))
        {
            if (ReadCheckpoint(other, _findings) is { } checkpoint)
            {
                foreach (var kept in request.Kept.Where(k => CheckpointTrust.PartitionOf(k.Span) == other))
                {
                    CheckpointTrust.Extends(other, kept.Span, checkpoint, Tiles(other).Read, request.Trusted, _findings);
                }
            }
        }
    }

    /// <summary>The control log, which every ledger has, and every partition that has records or tiles, a kept checkpoint or a key that is believed: one whose folders are gone is missed. Control first, because it says what was dropped.</summary>
    private List<LedgerPartition> Partitions() =>
        [.. Names(Path.Combine(request.Folder, "ledger"))
            .Append(LedgerPartition.Control)
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

    private IRecordScan ScanOf(LedgerPartition partition, AcceptedStretches accepted, List<VerificationFinding> findings)
    {
        if (request.Records is { } reader && reader.Partitions.Contains(partition))
        {
            return new ReaderScan(reader, partition);
        }

        var scan = new SegmentScan(LedgerFolder(partition), accepted.Find, RandomAccess.Read);
        findings.AddRange(scan.Strays.Select(stray => new VerificationFinding
        {
            Check = VerificationChecks.SegmentDamaged, Severity = VerificationSeverity.Broken, Partition = partition, Expected = "names of 20 digits and .seg", Found = $"a file {stray}, which the ledger does not read",
        }));
        return scan;
    }

    private string LedgerFolder(LedgerPartition partition) => Path.Combine(request.Folder, "ledger", partition.ToString());

    /// <summary>Whom a reading tells of what it reads.</summary>
    private sealed record Told(SilentWriters? Writers, Action<long, long, long> Progress);

    /// <summary>A partition that was read and held against its leaves.</summary>
    private sealed record Held(
        LedgerPartition Partition, Checkpoint? Checkpoint, PartitionVerifier Verifier, BlobCheck Blobs, long Bytes, SaidInControl Said, List<VerificationFinding> Findings);

    private sealed class Feed(PartitionVerifier verifier, BlobCheck? blobs, SaidInControl? said, LedgerPartition partition, long size, Told told) : ISegmentVisitor
    {
        private const int TellEvery = 4096;

        public long Bytes { get; private set; }

        public void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
        {
            Bytes += bytes.Length;
            var isSealed = verifier.Feed(offset, bytes, checksumHolds);
            said?.Take(bytes, isSealed);
            blobs?.Check(offset, bytes);
            told.Writers?.Take(partition, offset, bytes);
            if (verifier.Records % TellEvery == 0)
            {
                Tell();
            }
        }

        public void Damage(long offset, string what, bool atTheEnd) => verifier.Damaged(offset, what, atTheEnd);

        public void Accepted(DamageAccepted accepted) => verifier.Accepted(accepted.FirstOffset, accepted.NextOffset, AcceptedStretches.Text(accepted));

        public void Gone(long to) => verifier.Pass(to);

        public void Tell() => told.Progress(verifier.Records, size, Bytes);
    }
}
