using System.Buffers;
using System.Numerics;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>
/// The right edge of a tree in memory: the entry bundle and the tile of each level that are not full yet, and the full ones since the last
/// <see cref="Take"/>. The root needs nothing else.
/// </summary>
internal sealed class TileWriter
{
    private const int Levels = 8;

    private readonly byte[][] _edges = new byte[Levels][];
    private readonly List<(Tile Tile, ReadOnlyMemory<byte> Bytes)> _full = [];
    private readonly ArrayBufferWriter<byte> _bundle = new(64 * 1024);

    private TileWriter(long size)
    {
        Size = size;
        for (var level = 0; level < Levels; level++)
        {
            _edges[level] = new byte[Tile.FullWidth * Digest.Size];
        }
    }

    /// <summary>Leaves in the tree.</summary>
    public long Size { get; private set; }

    /// <summary>Root of the tree.</summary>
    public Digest Root
    {
        get
        {
            Digest? root = null;
            for (var level = 0; level < Levels; level++)
            {
                var edge = _edges[level].AsSpan(0, WidthAt(level) * Digest.Size);
                for (var width = edge.Length / Digest.Size; width > 0; width &= width - 1)
                {
                    var perfect = 1 << BitOperations.TrailingZeroCount(width);
                    var left = MerkleTree.Fold(edge[((width - perfect) * Digest.Size)..(width * Digest.Size)]);
                    root = root is { } right ? MerkleTree.HashNode(left, right) : left;
                }
            }

            return root ?? MerkleTree.EmptyRoot;
        }
    }

    /// <summary>Takes up a tree from its tiles.</summary>
    /// <returns>Null, with the tile, when one is missing.</returns>
    public static TileWriter? Resume(long size, TileSource source, out Tile missing)
    {
        var writer = new TileWriter(size);
        missing = default;
        for (var level = 0; level < Levels; level++)
        {
            var width = writer.WidthAt(level);
            if (width == 0)
            {
                continue;
            }

            missing = new(level, size >> ((level + 1) * Tile.Height), width);
            if (source(missing) is not { } bytes || bytes.Length < width * Digest.Size)
            {
                return null;
            }

            bytes.Span[..(width * Digest.Size)].CopyTo(writer._edges[level]);
        }

        if (writer.WidthAt(0) is > 0 and var entries)
        {
            missing = new(Tile.Entries, size >> Tile.Height, entries);
            if (source(missing) is not { } bundle || !writer.TryLoad(bundle.Span, entries))
            {
                return null;
            }
        }

        return writer;
    }

    /// <summary>Adds one leaf.</summary>
    /// <param name="entry">The leaf's bytes.</param>
    public void Append(ReadOnlySpan<byte> entry)
    {
        Put(entry);
        var node = MerkleTree.HashLeaf(entry);
        var index = Size++;
        for (var level = 0; level < Levels; level++)
        {
            var at = (int)(index % Tile.FullWidth);
            node.CopyTo(_edges[level].AsSpan(at * Digest.Size));
            if (at != Tile.FullWidth - 1)
            {
                return;
            }

            index >>= Tile.Height;
            _full.Add((new(level, index, Tile.FullWidth), _edges[level].ToArray()));
            if (level == 0)
            {
                _full.Add((new(Tile.Entries, index, Tile.FullWidth), _bundle.WrittenSpan.ToArray()));
                _bundle.ResetWrittenCount();
            }

            node = MerkleTree.Fold(_edges[level]);
        }
    }

    /// <summary>What must be written for the tree as it is: full tiles since the last call, then the partial ones.</summary>
    public IReadOnlyList<(Tile Tile, ReadOnlyMemory<byte> Bytes)> Take()
    {
        var tiles = new List<(Tile, ReadOnlyMemory<byte>)>(_full);
        _full.Clear();
        for (var level = 0; level < Levels; level++)
        {
            if (WidthAt(level) is > 0 and var width)
            {
                tiles.Add((new(level, Size >> ((level + 1) * Tile.Height), width), _edges[level].AsMemory(0, width * Digest.Size)));
            }
        }

        if (_bundle.WrittenCount > 0)
        {
            tiles.Add((new(Tile.Entries, Size >> Tile.Height, WidthAt(0)), _bundle.WrittenSpan.ToArray()));
        }

        return tiles;
    }

    private int WidthAt(int level) => (int)((Size >> (level * Tile.Height)) % Tile.FullWidth);

    private bool TryLoad(ReadOnlySpan<byte> bundle, int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            if (!EntryBundle.TryTake(ref bundle, out var entry))
            {
                return false;
            }

            Put(entry);
        }

        return true;
    }

    private void Put(ReadOnlySpan<byte> entry) => _bundle.Advance(EntryBundle.Put(_bundle.GetSpan(sizeof(ushort) + entry.Length), entry));
}
