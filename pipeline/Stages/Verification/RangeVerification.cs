using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;

namespace McpLedger.Stages.Verification;

/// <summary>Verifies some leaves of a partition without reading the rest: tile by tile, each proved to belong to the signed tree, and the records under them.</summary>
internal sealed class RangeVerification(
    LedgerPartition partition, Checkpoint? checkpoint, TileFolder tiles, IRecordScan records, BlobCheck? blobs, ControlWord word, ICollection<VerificationFinding> findings)
    : ISegmentVisitor
{
    // A segment is read from its head to what is wanted of it: tiles are taken together, so that it is not for each.
    private const int TilesARead = 64;

    private readonly Dictionary<long, (long Index, LedgerLeaf Leaf)> _wanted = [];
    private readonly HashSet<VerificationFinding> _said = [];

    public long Records { get; private set; }

    public long Bytes { get; private set; }

    public long Dropped { get; private set; }

    public long Blobs => blobs?.Blobs ?? 0;

    public void Verify(long start, long end, CancellationToken cancellationToken)
    {
        var size = checkpoint!.Size;
        if (start < 0 || start >= end || end > size)
        {
            findings.Add(Broken(VerificationChecks.NotSealed, null) with { Leaf = start, Expected = $"leaves {start} to {end - 1}", Found = $"{size} leaves" });
            return;
        }

        var pending = 0;
        for (var first = start & ~(long)(Tile.FullWidth - 1); first < end; first += Tile.FullWidth)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Way(first) is not { } way)
            {
                continue;
            }

            TakeTile(way, first, Math.Max(first, start), Math.Min(first + Tile.FullWidth, end));
            if (++pending == TilesARead)
            {
                Read(cancellationToken);
                pending = 0;
            }
        }

        Read(cancellationToken);
        if (Dropped > 0)
        {
            findings.Add(Broken(VerificationChecks.SegmentsDropped, null) with { Severity = VerificationSeverity.Fact, Count = Dropped, Found = "dropped by retention, as the control log says; their leaves were verified" });
        }
    }

    /// <summary>
    /// Shows that leaves <paramref name="start"/> to <paramref name="end"/> are all of the offsets that were asked for: they were searched for in bundles that nothing had proved,
    /// so the leaf before them and the one behind them are proved as well.
    /// </summary>
    public void Bound(long start, long end, long first, long last)
    {
        var size = checkpoint!.Size;
        if (start > 0 && Prove(start - 1) is { } before && before.Offset >= first)
        {
            Misplaced(start - 1, before, $"a leaf of an offset before {first}");
        }

        if (end < size && Prove(end) is { } behind && behind.Offset <= last)
        {
            Misplaced(end, behind, $"a leaf of an offset behind {last}");
        }

        if (end == size && (size == 0 ? -1 : Prove(size - 1)?.Offset) is { } newest && newest < last)
        {
            var from = Math.Max(first, newest + 1);
            findings.Add(Broken(VerificationChecks.NotSealed, null) with
            {
                Offset = from,
                Count = last - from + 1,
                Expected = string.Create(CultureInfo.InvariantCulture, $"leaves of offsets {first} to {last}"),
                Found = string.Create(CultureInfo.InvariantCulture, $"{size} leaves, up to offset {newest}"),
            });
        }
    }

    private LedgerLeaf? Prove(long index)
    {
        var first = index & ~(long)(Tile.FullWidth - 1);
        return Way(first) is { } way ? TakeTile(way, first, index + 1, index + 1) : null;
    }

    private void Misplaced(long index, in LedgerLeaf leaf, string expected) =>
        findings.Add(Broken(VerificationChecks.EntryAltered, leaf) with { Leaf = index, Expected = expected, Found = "one within; other entries, or none, stand where it was looked for" });

    private void Read(CancellationToken cancellationToken)
    {
        if (_wanted.Count == 0)
        {
            return;
        }

        records.Read(_wanted.Keys.Min(), _wanted.Keys.Max() + 1, this, cancellationToken);
        word.Expire();
        var kept = records.First ?? long.MaxValue;
        foreach (var (offset, (index, leaf)) in _wanted.OrderBy(static w => w.Key))
        {
            if (word.HasDropped(partition, offset, offset))
            {
                Dropped++;
                continue;
            }

            findings.Add(Broken(VerificationChecks.RecordsMissing, leaf) with { Leaf = index, Expected = $"event {leaf.Event}", Found = offset < kept ? "none, and the control log does not say that it was dropped" : "none" });
        }

        _wanted.Clear();
    }

    public void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
    {
        if (!_wanted.Remove(offset, out var wanted))
        {
            return;
        }

        Records++;
        Bytes += bytes.Length;
        var found = LedgerLeaf.Of(partition, offset, bytes, out _);
        if (found != wanted.Leaf)
        {
            findings.Add(Broken(VerificationChecks.RecordAltered, wanted.Leaf) with
            {
                Leaf = wanted.Index,
                Expected = wanted.Leaf.Record.ToString(),
                Found = found.Event == wanted.Leaf.Event ? found.Record.ToString() : $"{found.Record} of {(found.Event is { } id ? $"event {id}" : "no event")}",
            });
        }

        blobs?.Check(offset, bytes);
    }

    public void Damage(long offset, string what, bool atTheEnd) => findings.Add(Broken(VerificationChecks.SegmentDamaged, null) with { Offset = offset, Found = what });

    public void Accepted(DamageAccepted accepted) => findings.Add(Broken(VerificationChecks.DamageAccepted, null) with
    {
        Severity = VerificationSeverity.Fact, Offset = accepted.FirstOffset, Count = accepted.NextOffset - accepted.FirstOffset, Found = AcceptedStretches.Text(accepted),
    });

    public void Gone(long to)
    {
        // What is wanted and was not read is asked for afterwards.
    }

    /// <summary>What leads from a tile's leaves to the signed root; null where tiles for it are missing, which is said.</summary>
    private IReadOnlyList<Digest>? Way(long first)
    {
        var tree = new TiledTree(checkpoint!.Size, tiles.Read);
        var way = tree.Subtree(first, EndOf(first));
        if (way is null)
        {
            Say(Missing(tree.Missing!.Value));
        }

        return way;
    }

    /// <summary>Proves one tile's leaves to be in the signed tree and takes up those that are asked for.</summary>
    /// <returns>The last leaf before <paramref name="to"/>; null where it is not proved, which is said.</returns>
    private LedgerLeaf? TakeTile(IReadOnlyList<Digest> way, long first, long from, long to)
    {
        var (tile, end) = (Tile.Holding(0, first, checkpoint!.Size), EndOf(first));
        if (tiles.Read(tile) is not { } hashes || hashes.Length < tile.Width * Digest.Size)
        {
            Say(Missing(tile));
            return null;
        }

        // The root over a full tile stands in the tile above as well: whoever forges a leaf leaves that alone, so it is these very hashes that have to lead to the signed root.
        var tree = new CompactTree();
        for (var index = first; index < end; index++)
        {
            tree.Append(Hash(index));
        }

        if (!MerkleProof.VerifySubtreeConsistency(first, end, checkpoint.Size, tree.Root, checkpoint.Root, [.. way]))
        {
            Say(Broken(VerificationChecks.RootMismatch, null) with { Leaf = first, Expected = checkpoint.Root.ToString(), Found = $"leaves {first} to {end - 1} of {tile.Path} do not lead to it" });
            return null;
        }

        var entries = tile with { Level = Tile.Entries };
        if (tiles.Read(entries) is not { } bundle)
        {
            Say(Missing(entries));
            return null;
        }

        var rest = bundle.Span;
        LedgerLeaf last = default;
        for (var index = first; index < to; index++)
        {
            if (!EntryBundle.TryTake(ref rest, out var entry) || MerkleTree.HashLeaf(entry) != Hash(index) || !LedgerLeaf.TryParse(entry, out last))
            {
                Say(Broken(VerificationChecks.EntryAltered, null) with { Leaf = index, Expected = $"the entry of leaf hash {Hash(index)}", Found = "another entry, or none" });
                return null;
            }

            if (index >= from)
            {
                _wanted[last.Offset] = (index, last);
            }
        }

        return last;

        Digest Hash(long index) => Digest.FromBytes(hashes.Span[((int)(index - first) * Digest.Size)..]);
    }

    private long EndOf(long first) => Math.Min(first + Tile.FullWidth, checkpoint!.Size);

    // The leaves around a range are often of tiles of which this was said already.
    private void Say(VerificationFinding finding)
    {
        if (_said.Add(finding))
        {
            findings.Add(finding);
        }
    }

    private VerificationFinding Missing(Tile tile) => Broken(VerificationChecks.TileMissing, null) with { Expected = tile.Path, Found = "no such file, or too short" };

    private VerificationFinding Broken(string check, LedgerLeaf? leaf) =>
        new() { Check = check, Severity = VerificationSeverity.Broken, Partition = partition, Offset = leaf?.Offset, Event = leaf?.Event };
}
