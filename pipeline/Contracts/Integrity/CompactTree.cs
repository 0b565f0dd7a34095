using System.Numerics;

namespace McpLedger.Contracts.Integrity;

/// <summary>
/// A growing RFC 6962 tree that keeps only its frontier: the roots of the perfect subtrees that its size is the sum of, at most 63.
/// Enough to append and to give the root; proofs come from tiles (<see cref="TiledTree"/>).
/// </summary>
public sealed class CompactTree
{
    private readonly Digest[] _byHeight = new Digest[63];

    /// <summary>Leaves in the tree.</summary>
    public long Size { get; private set; }

    /// <summary>Root of the tree.</summary>
    public Digest Root
    {
        get
        {
            Digest? root = null;
            for (var height = 0; height < _byHeight.Length; height++)
            {
                if ((Size >> height & 1) == 1)
                {
                    root = root is { } right ? MerkleTree.HashNode(_byHeight[height], right) : _byHeight[height];
                }
            }

            return root ?? MerkleTree.EmptyRoot;
        }
    }

    /// <summary>Takes up a tree where <see cref="Frontier"/> left it.</summary>
    /// <returns>False when a tree of that size has another number of perfect subtrees.</returns>
    public static bool TryResume(long size, IReadOnlyList<Digest> frontier, out CompactTree tree)
    {
        tree = new();
        if (size < 0 || frontier.Count != BitOperations.PopCount((ulong)size))
        {
            return false;
        }

        tree.Size = size;
        var next = 0;
        for (var height = tree._byHeight.Length - 1; height >= 0; height--)
        {
            if ((size >> height & 1) == 1)
            {
                tree._byHeight[height] = frontier[next++];
            }
        }

        return true;
    }

    /// <summary>Roots of the perfect subtrees from left (largest) to right.</summary>
    public IReadOnlyList<Digest> Frontier()
    {
        var frontier = new List<Digest>();
        for (var height = _byHeight.Length - 1; height >= 0; height--)
        {
            if ((Size >> height & 1) == 1)
            {
                frontier.Add(_byHeight[height]);
            }
        }

        return frontier;
    }

    /// <summary>Adds one leaf on the right.</summary>
    /// <param name="leaf">The leaf's hash, <see cref="MerkleTree.HashLeaf"/>.</param>
    public void Append(Digest leaf) => Append(leaf, 0);

    /// <summary>Adds the leaves of a full level-0 tile on the right, by their root.</summary>
    /// <exception cref="InvalidOperationException">The tree does not end at a tile's border.</exception>
    public void AppendTile(Digest root)
    {
        if (Size % Tile.FullWidth != 0)
        {
            throw new InvalidOperationException($"A tile follows a multiple of {Tile.FullWidth} leaves, not {Size}.");
        }

        Append(root, Tile.Height);
    }

    private void Append(Digest node, int height)
    {
        var before = Size;
        Size += 1L << height;
        for (; (before >> height & 1) == 1; height++)
        {
            node = MerkleTree.HashNode(_byHeight[height], node);
        }

        _byHeight[height] = node;
    }
}
