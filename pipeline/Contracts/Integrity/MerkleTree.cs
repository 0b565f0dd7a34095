using System.Buffers;
using System.Security.Cryptography;

namespace McpLedger.Contracts.Integrity;

/// <summary>The hashes of RFC 6962 §2.1: a leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖ right).</summary>
public static class MerkleTree
{
    private const int OnStack = 512;

    /// <summary>Root of the tree without leaves: SHA-256 of nothing.</summary>
    public static Digest EmptyRoot { get; } = Digest.Of([]);

    /// <summary>Hashes an entry into its leaf.</summary>
    public static Digest HashLeaf(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < OnStack)
        {
            Span<byte> bytes = stackalloc byte[OnStack];
            bytes[0] = 0;
            entry.CopyTo(bytes[1..]);
            return Digest.Of(bytes[..(entry.Length + 1)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(entry.Length + 1);
        rented[0] = 0;
        entry.CopyTo(rented.AsSpan(1));
        var leaf = Digest.Of(rented.AsSpan(0, entry.Length + 1));
        ArrayPool<byte>.Shared.Return(rented);
        return leaf;
    }

    /// <summary>Hashes two children into their parent.</summary>
    public static Digest HashNode(in Digest left, in Digest right)
    {
        Span<byte> bytes = stackalloc byte[1 + (Digest.Size * 2)];
        bytes[0] = 1;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + Digest.Size)..]);
        Span<byte> hash = stackalloc byte[Digest.Size];
        SHA256.HashData(bytes, hash);
        return Digest.FromBytes(hash);
    }

    /// <summary>Root over the hashes of a power of two of neighbours, side by side.</summary>
    public static Digest Fold(ReadOnlySpan<byte> hashes) => hashes.Length == Digest.Size
        ? Digest.FromBytes(hashes)
        : HashNode(Fold(hashes[..(hashes.Length / 2)]), Fold(hashes[(hashes.Length / 2)..]));
}
