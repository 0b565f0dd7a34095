using System.Buffers.Binary;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace McpLedger.Streaming.Embedded;

/// <summary>CRC-32C (Castagnoli; RFC 3720 §12.1): polynomial 0x1EDC6F41 reflected, initial value and final xor all ones.</summary>
public static class Crc32C
{
    private const uint ReflectedPolynomial = 0x82F63B78;

    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of <paramref name="bytes"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>The checksum of <paramref name="first"/>'s four bytes, little endian, followed by <paramref name="bytes"/>.</summary>
    public static uint Of(uint first, ReadOnlySpan<byte> bytes)
    {
        Span<byte> word = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(word, first);
        return ~Append(Append(uint.MaxValue, word), bytes);
    }

    internal static uint AppendManaged(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes) =>
        Sse42.X64.IsSupported ? AppendX64(crc, bytes)
        : Crc32.Arm64.IsSupported ? AppendArm64(crc, bytes)
        : AppendManaged(crc, bytes);

    private static uint AppendX64(uint crc, ReadOnlySpan<byte> bytes)
    {
        ulong wide = crc;
        while (bytes.Length >= sizeof(ulong))
        {
            wide = Sse42.X64.Crc32(wide, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        crc = (uint)wide;
        foreach (var b in bytes)
        {
            crc = Sse42.Crc32(crc, b);
        }

        return crc;
    }

    private static uint AppendArm64(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = Crc32.Arm64.ComputeCrc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            crc = Crc32.ComputeCrc32C(crc, b);
        }

        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ ReflectedPolynomial;
            }

            table[i] = value;
        }

        return table;
    }
}
