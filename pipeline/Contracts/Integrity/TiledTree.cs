using System.Numerics;

namespace McpLedger.Contracts.Integrity;

/// <summary>Gives the bytes of a tile; of a partial tile at least the hashes asked for. Null when there is none.</summary>
public delegate ReadOnlyMemory<byte>? TileSource(Tile tile);

/// <summary>
/// A tree of a certain size, read from tiles: roots and proofs of RFC 6962 §2.1. What it returns is as true as the tiles are, so check it
/// against a signed root. A method returns null when a tile is missing or too short; <see cref="Missing"/> then names it.
/// </summary>
public sealed class TiledTree(long size, TileSource source)
{
    private readonly Dictionary<Tile, ReadOnlyMemory<byte>> _tiles = [];

    /// <summary>Leaves in the tree.</summary>
    public long Size => size;

    /// <summary>The first tile that could not be had.</summary>
    public Tile? Missing { get; private set; }

    /// <summary>Root over the whole tree.</summary>
    public Digest? Root()
    {
        var root = Hash(0, size);
        return Missing is null ? root : null;
    }

    /// <summary>Proof that the leaf at <paramref name="index"/> is in the tree, from its sibling up.</summary>
    public IReadOnlyList<Digest>? Inclusion(long index)
    {
        if (index < 0 || index >= size)
        {
            throw new ArgumentOutOfRangeException(nameof(index), $"Leaf {index} is not among {size}.");
        }

        return Subtree(index, index + 1);
    }

    /// <summary>Proof that the tree extends the one of its first <paramref name="first"/> leaves.</summary>
    public IReadOnlyList<Digest>? Consistency(long first)
    {
        if (first <= 0 || first > size)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"A tree of {size} leaves has no consistency proof from {first}.");
        }

        return Subtree(0, first);
    }

    /// <summary>Proof that leaves <paramref name="start"/> to <paramref name="end"/> (exclusive), which must be a subtree, are in the tree.</summary>
    public IReadOnlyList<Digest>? Subtree(long start, long end)
    {
        if (!MerkleProof.IsSubtree(start, end) || end > size)
        {
            throw new ArgumentOutOfRangeException(nameof(end), $"[{start}, {end}) is no subtree of {size} leaves.");
        }

        var proof = new List<Digest>();
        if (start < end)
        {
            Prove(start, end, 0, size, whole: true, proof);
        }

        return Missing is null ? proof : null;
    }

    /// <summary>Subtree [start, end) within [from, to), bottom up. Inclusion and consistency are its special cases.</summary>
    private void Prove(long start, long end, long from, long to, bool whole, List<Digest> proof)
    {
        if (start == from && end == to)
        {
            if (!whole)
            {
                proof.Add(Hash(from, to));
            }

            return;
        }

        var split = from + MerkleProof.Split(to - from);
        if (end <= split)
        {
            Prove(start, end, from, split, whole, proof);
            proof.Add(Hash(split, to));
        }
        else
        {
            Prove(Math.Max(start, split), end, split, to, whole && start >= split, proof);
            proof.Add(Hash(from, split));
        }
    }

    private Digest Hash(long from, long to)
    {
        var leaves = to - from;
        if (leaves == 0)
        {
            return MerkleTree.EmptyRoot;
        }

        if (!BitOperations.IsPow2(leaves))
        {
            var split = from + MerkleProof.Split(leaves);
            return MerkleTree.HashNode(Hash(from, split), Hash(split, to));
        }

        var height = BitOperations.Log2((ulong)leaves);
        var level = height / Tile.Height;
        var nodes = 1 << (height % Tile.Height);
        var first = (from >> height) * nodes;
        var tile = Tile.Holding(level, first, size);
        return Read(tile) is { } hashes ? MerkleTree.Fold(hashes.Span.Slice((int)(first % Tile.FullWidth) * Digest.Size, nodes * Digest.Size)) : default;
    }

    private ReadOnlyMemory<byte>? Read(Tile tile)
    {
        if (_tiles.TryGetValue(tile, out var known))
        {
            return known;
        }

        if (source(tile) is { } hashes && hashes.Length >= tile.Width * Digest.Size)
        {
            return _tiles[tile] = hashes;
        }

        Missing ??= tile;
        return null;
    }
}
