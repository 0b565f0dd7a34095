using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>A SHA-256 digest: 32 bytes, written as 64 lower-case hex digits.</summary>
[JsonConverter(typeof(DigestConverter))]
public readonly record struct Digest
{
    /// <summary>Length of a digest in bytes.</summary>
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private Digest(ReadOnlySpan<byte> bytes)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Thirty-two zero bytes: what stands before the first record of a writer that never wrote before.</summary>
    public static Digest Zero => default;

    /// <summary>Hashes <paramref name="bytes"/> exactly as given.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(bytes, hash);
        return new(hash);
    }

    /// <summary>Takes the first 32 bytes of <paramref name="bytes"/> as a digest.</summary>
    /// <exception cref="ArgumentException">There are fewer than 32 bytes.</exception>
    public static Digest FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Size ? new(bytes[..Size]) : throw new ArgumentException($"A digest has {Size} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>Reads 64 hex digits of either case.</summary>
    /// <returns>False when <paramref name="hex"/> is anything else.</returns>
    public static bool TryParse(ReadOnlySpan<char> hex, out Digest digest)
    {
        digest = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (hex.Length != Size * 2 || Convert.FromHexString(hex, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        digest = new(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary>The 32 bytes in an array of their own.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Writes 64 lower-case hex digits as ASCII.</summary>
    public void FormatHex(Span<byte> ascii)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        Convert.TryToHexStringLower(bytes, ascii, out _);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> ascii = stackalloc byte[Size * 2];
        FormatHex(ascii);
        return Encoding.ASCII.GetString(ascii);
    }
}
