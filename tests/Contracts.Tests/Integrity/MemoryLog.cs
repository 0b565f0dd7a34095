using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

/// <summary>A log of numbered leaves whose tiles are made from the definition, not from the code under test.</summary>
internal sealed class MemoryLog
{
    public const int Leaves = 70_001;

    private readonly Digest[] _leaves = [.. Enumerable.Range(0, Leaves + 1).Select(i => MerkleTree.HashLeaf(BitConverter.GetBytes(i)))];
    private readonly Dictionary<(int, long), Digest> _perfect = [];

    public static MemoryLog Shared { get; } = new();

    public Digest Leaf(long index) => _leaves[index];

    /// <summary>MTH of the first leaves, by the recursion of RFC 6962 §2.1.</summary>
    public Digest Root(long size) => size == 0 ? MerkleTree.EmptyRoot : Mth(0, size);

    public ReadOnlyMemory<byte>? Read(Tile tile)
    {
        var bytes = new byte[tile.Width * Digest.Size];
        for (var i = 0; i < tile.Width; i++)
        {
            var span = 1L << (tile.Level * Tile.Height);
            var node = (tile.Index * Tile.FullWidth) + i;
            Mth(node * span, (node + 1) * span).CopyTo(bytes.AsSpan(i * Digest.Size));
        }

        return bytes;
    }

    private Digest Mth(long from, long to)
    {
        var n = to - from;
        if (n == 1)
        {
            return _leaves[from];
        }

        var k = 1L;
        while (k * 2 < n)
        {
            k *= 2;
        }

        if (k * 2 != n)
        {
            return MerkleTree.HashNode(Mth(from, from + k), Mth(from + k, to));
        }

        lock (_perfect)
        {
            var key = (System.Numerics.BitOperations.Log2((ulong)n), from);
            return _perfect.TryGetValue(key, out var known) ? known : _perfect[key] = MerkleTree.HashNode(Mth(from, from + k), Mth(from + k, to));
        }
    }
}
