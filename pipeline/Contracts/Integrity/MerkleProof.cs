using System.Numerics;

namespace McpLedger.Contracts.Integrity;

/// <summary>Checks proofs about trees whose roots are known. Every bad input is false, none throws; sizes and indexes below zero are bad input.</summary>
public static class MerkleProof
{
    /// <summary>Checks that a leaf stands at an index of a tree (RFC 9162 §2.1.3.2).</summary>
    public static bool VerifyInclusion(long index, long size, Digest leaf, ReadOnlySpan<Digest> proof, Digest root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (fn, sn, r) = (index, size - 1, leaf);
        foreach (ref readonly var p in proof)
        {
            if (sn == 0)
            {
                return false;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                r = MerkleTree.HashNode(p, r);
                Ascend(ref fn, ref sn);
            }
            else
            {
                r = MerkleTree.HashNode(r, p);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 && r == root;
    }

    /// <summary>Checks that a tree is an extension of an earlier one (RFC 9162 §2.1.4.2). An empty earlier tree proves nothing and is refused.</summary>
    public static bool VerifyConsistency(long first, long second, Digest firstRoot, Digest secondRoot, ReadOnlySpan<Digest> proof)
    {
        if (first <= 0 || first > second)
        {
            return false;
        }

        if (first == second)
        {
            return proof.IsEmpty && firstRoot == secondRoot;
        }

        var seeded = BitOperations.IsPow2(first);
        if (proof.IsEmpty)
        {
            return false;
        }

        var (fn, sn) = (first - 1, second - 1);
        var aligned = BitOperations.TrailingZeroCount(~(ulong)fn);
        (fn, sn) = (fn >> aligned, sn >> aligned);
        var fr = seeded ? firstRoot : proof[0];
        var sr = fr;
        foreach (ref readonly var c in seeded ? proof : proof[1..])
        {
            if (sn == 0)
            {
                return false;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                fr = MerkleTree.HashNode(c, fr);
                sr = MerkleTree.HashNode(c, sr);
                Ascend(ref fn, ref sn);
            }
            else
            {
                sr = MerkleTree.HashNode(sr, c);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 && fr == firstRoot && sr == secondRoot;
    }

    /// <summary>Whether leaves <paramref name="start"/> to <paramref name="end"/> (exclusive) are a subtree: <paramref name="start"/> is a multiple of the smallest power of two that holds them all.</summary>
    public static bool IsSubtree(long start, long end) =>
        start >= 0 && end >= start && (end == start || (start & (long)(BitOperations.RoundUpToPowerOf2((ulong)(end - start)) - 1)) == 0);

    /// <summary>Checks that a leaf stands at an index of a subtree (draft-ietf-plants-merkle-tree-certs, subtree inclusion).</summary>
    public static bool VerifySubtreeInclusion(long index, long start, long end, Digest leaf, ReadOnlySpan<Digest> proof, Digest root) =>
        IsSubtree(start, end) && index >= start && index < end && VerifyInclusion(index - start, end - start, leaf, proof, root);

    /// <summary>Checks that a subtree belongs to a tree (draft-ietf-plants-merkle-tree-certs, subtree consistency): a whole range is proved by one short proof.</summary>
    public static bool VerifySubtreeConsistency(long start, long end, long size, Digest subtreeRoot, Digest root, ReadOnlySpan<Digest> proof)
    {
        if (!IsSubtree(start, end) || end > size)
        {
            return false;
        }

        if (start == end)
        {
            return proof.IsEmpty && subtreeRoot == MerkleTree.EmptyRoot;
        }

        var left = proof.Length;
        return Walk(start, end, size, whole: true, subtreeRoot, proof, ref left, out var subtree, out var tree) && left == 0 && subtree == subtreeRoot && tree == root;
    }

    /// <summary>The largest power of two below <paramref name="size"/>: where RFC 6962 splits a tree.</summary>
    internal static long Split(long size) => 1L << BitOperations.Log2((ulong)size - 1);

    /// <summary>Rebuilds subtree and tree top down; a proof lists its nodes bottom up, so it is taken from its end.</summary>
    private static bool Walk(
        long start, long end, long size, bool whole, Digest known, ReadOnlySpan<Digest> proof, ref int left, out Digest subtree, out Digest tree)
    {
        (subtree, tree) = (known, known);
        if (start == 0 && end == size && whole)
        {
            return true;
        }

        if (left == 0)
        {
            return false;
        }

        var node = proof[--left];
        if (start == 0 && end == size)
        {
            (subtree, tree) = (node, node);
            return true;
        }

        var split = Split(size);
        if (end <= split)
        {
            var below = Walk(start, end, split, whole, known, proof, ref left, out subtree, out tree);
            tree = MerkleTree.HashNode(tree, node);
            return below;
        }

        var beyond = start >= split
            ? Walk(start - split, end - split, size - split, whole, known, proof, ref left, out subtree, out tree)
            : Walk(0, end - split, size - split, whole: false, known, proof, ref left, out subtree, out tree);
        subtree = start >= split ? subtree : MerkleTree.HashNode(node, subtree);
        tree = MerkleTree.HashNode(node, tree);
        return beyond;
    }

    private static void Ascend(ref long fn, ref long sn)
    {
        while ((fn & 1) == 0 && fn != 0)
        {
            fn >>= 1;
            sn >>= 1;
        }
    }
}
