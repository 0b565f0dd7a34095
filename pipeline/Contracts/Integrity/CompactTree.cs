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
