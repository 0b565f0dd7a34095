using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>Walks a tree's entries in order and checks on the way that entries, tiles of every level and the root agree.</summary>
internal sealed class LeafCursor
{
    private readonly LedgerPartition _partition;
    private readonly TileSource _tiles;
    private readonly ICollection<VerificationFinding> _findings;
    private readonly CompactTree _tree = new();
    private readonly byte[] _hashes = new byte[Tile.FullWidth * Digest.Size];
    private readonly Dictionary<int, (long Index, ReadOnlyMemory<byte> Hashes)> _above = [];
    private ReadOnlyMemory<byte> _bundle;
    private int _at;
    private int _length;
    private bool _broken;

    public LeafCursor(LedgerPartition partition, long size, TileSource tiles, ICollection<VerificationFinding> findings)
    {
        (_partition, Size, _tiles, _findings) = (partition, size, tiles, findings);
        Load();
    }

    public long Size { get; }

    /// <summary>Index of the current entry.</summary>
    public long Index { get; private set; }

    public bool AtEnd => Index >= Size;

    /// <summary>Whether entries from here on to the end of their tile cannot be read, which was said: their bundle is not there, or ends before them.</summary>
    public bool IsUnread { get; private set; }

    /// <summary>The current entry's bytes; empty where <see cref="IsUnread"/>.</summary>
    public ReadOnlySpan<byte> Entry => _bundle.Span.Slice(_at, _length);

    public void Next()
    {
        MerkleTree.HashLeaf(Entry).CopyTo(_hashes.AsSpan((int)(Index % Tile.FullWidth) * Digest.Size));
        _at += _length;
        Index++;
        if (Index % Tile.FullWidth == 0 || AtEnd)
        {
            Close();
            Load();
        }
        else
        {
            Take();
        }
    }

    /// <summary>Whether the root over all entries is <paramref name="root"/>. To be asked at the end.</summary>
    public void CheckRoot(Digest root)
    {
        if (_tree.Root != root && !_broken)
        {
            _findings.Add(CheckpointTrust.Broken(VerificationChecks.RootMismatch, _partition, root.ToString(), _tree.Root.ToString()) with { Count = Size });
        }
    }

    private void Load()
    {
        if (AtEnd)
        {
            (_bundle, _at, _length) = (default, 0, 0);
            return;
        }

        var tile = Tile.Holding(Tile.Entries, Index, Size);
        var bundle = _tiles(tile);
        IsUnread = bundle is null;
        (_bundle, _at, _length) = (bundle ?? Missing(tile), 0, 0);
        if (_bundle.IsEmpty && _tiles(tile with { Level = 0 }) is null)
        {
            // Without entries and hashes nothing from here on can lead to a root; a made-up size would have it go on for ever.
            Missing(tile with { Level = 0 });
            Index = Size;
            return;
        }

        Take();
    }

    private void Take()
    {
        if (IsUnread)
        {
            return;
        }

        var rest = _bundle.Span[_at..];
        if (EntryBundle.TryTake(ref rest, out var entry))
        {
            (_at, _length) = (_at + sizeof(ushort), entry.Length);
            return;
        }

        Altered(Tile.Holding(Tile.Entries, Index, Size), Index, "an entry", "the bundle ends");
        (_bundle, _at, _length, IsUnread) = (default, 0, 0, true);
    }

    /// <summary>A tile's worth of entries is read: compare it with its tile, and that with the tiles above.</summary>
    private void Close()
    {
        var first = (Index - 1) & ~(long)(Tile.FullWidth - 1);
        var tile = Tile.Holding(0, first, Size);
        var hashes = _hashes.AsSpan(0, tile.Width * Digest.Size);
        if (_tiles(tile) is not { } stored || stored.Length < hashes.Length)
        {
            Missing(tile);
        }
        else if (IsUnread)
        {
            // That the entries are gone was said; the tile still shows whether the rest of the tree is right.
            stored.Span[..hashes.Length].CopyTo(hashes);
        }
        else if (!stored.Span[..hashes.Length].SequenceEqual(hashes))
        {
            Disagree(tile, stored.Span, hashes, first);
        }

        if (!tile.IsFull)
        {
            for (var i = 0; i < tile.Width; i++)
            {
                _tree.Append(Digest.FromBytes(hashes[(i * Digest.Size)..]));
            }

            return;
        }

        var root = MerkleTree.Fold(hashes);
        _tree.AppendTile(root);
        Above(1, tile.Index, root);
    }

    private void Above(int level, long node, Digest root)
    {
        var tile = Tile.Holding(level, node, Size);
        if (!_above.TryGetValue(level, out var known) || known.Index != tile.Index)
        {
            _above[level] = known = (tile.Index, _tiles(tile) is { } found && found.Length >= tile.Width * Digest.Size ? found : Missing(tile));
        }

        var at = (int)(node % Tile.FullWidth);
        if (known.Hashes.Length > 0 && Digest.FromBytes(known.Hashes.Span[(at * Digest.Size)..]) is var stored && stored != root)
        {
            Altered(tile, node << (level * Tile.Height), root.ToString(), stored.ToString());
        }

        if (at == Tile.FullWidth - 1 && known.Hashes.Length > 0)
        {
            Above(level + 1, tile.Index, MerkleTree.Fold(known.Hashes.Span[..(Tile.FullWidth * Digest.Size)]));
        }
    }

    private void Disagree(Tile tile, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> hashes, long first)
    {
        for (var i = 0; i < tile.Width; i++)
        {
            var (expected, found) = (Digest.FromBytes(stored[(i * Digest.Size)..]), Digest.FromBytes(hashes[(i * Digest.Size)..]));
            if (expected != found)
            {
                _broken = true;
                var place = CheckpointTrust.Broken(VerificationChecks.EntryAltered, _partition, $"{expected} in {tile.Path}", $"{found} of the entry in {(tile with { Level = Tile.Entries }).Path}");
                _findings.Add(place with { Leaf = first + i });
            }
        }
    }

    private ReadOnlyMemory<byte> Missing(Tile tile)
    {
        _broken = true;
        _findings.Add(CheckpointTrust.Broken(VerificationChecks.TileMissing, _partition, tile.Path, "no such file, or too short"));
        return default;
    }

    private void Altered(Tile tile, long leaf, string expected, string found)
    {
        _broken = true;
        _findings.Add(CheckpointTrust.Broken(VerificationChecks.TileAltered, _partition, $"{tile.Path}: {expected}", found) with { Leaf = leaf });
    }
}
