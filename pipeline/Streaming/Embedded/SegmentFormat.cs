using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>How a segment file is laid out, as pure functions. README.md says the same in words.</summary>
internal static class SegmentFormat
{
    public const int HeaderLength = 64;
    public const int RecordHeaderLength = 8;
    public const int Alignment = 8;
    public const uint GroupStart = 0x8000_0000;
    public const string Extension = ".seg";

    private const uint Version = 1;
    private const int PartitionAt = 40;
    private const int PartitionLength = 20;
    private const int ChecksumAt = 60;
    private const int NameDigits = 20;

    private static ReadOnlySpan<byte> Magic => "MCPLSEG\n"u8;

    public static string FileName(long baseOffset) => baseOffset.ToString("D20", CultureInfo.InvariantCulture) + Extension;

    public static bool TryReadFileName(ReadOnlySpan<char> path, out long baseOffset)
    {
        baseOffset = 0;
        var name = Path.GetFileName(path);
        return name.Length == NameDigits + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name[..NameDigits], NumberStyles.None, CultureInfo.InvariantCulture, out baseOffset);
    }

    public static int Padded(int length) => (length + Alignment - 1) & ~(Alignment - 1);

    /// <summary>Bytes that a record of <paramref name="length"/> bytes takes in the file.</summary>
    public static int Framed(int length) => RecordHeaderLength + Padded(length);

    public static void WriteHeader(Span<byte> header, in SegmentHeader segment)
    {
        header[..HeaderLength].Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], HeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], segment.BaseOffset);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], segment.CreatedMicros);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], segment.Size);
        Encoding.ASCII.GetBytes(segment.Partition.ToString(), header.Slice(PartitionAt, PartitionLength));
        BinaryPrimitives.WriteUInt32LittleEndian(header[ChecksumAt..], Crc32C.Of(header[..ChecksumAt]));
    }

    /// <summary>Reads a header.</summary>
    /// <returns>Null when it is one of this version; otherwise what is wrong with it.</returns>
    public static string? ReadHeader(ReadOnlySpan<byte> header, out SegmentHeader segment)
    {
        segment = default;
        if (header.Length < HeaderLength)
        {
            return $"the file has {header.Length} bytes, fewer than a segment header's {HeaderLength}";
        }

        if (!header.StartsWith(Magic))
        {
            return "the segment header does not begin with its magic bytes";
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumAt..]) != Crc32C.Of(header[..ChecksumAt]))
        {
            return "the segment header does not match its checksum";
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) is var version and not Version)
        {
            return $"the segment is of version {version}; this program reads version {Version}";
        }

        var name = Encoding.ASCII.GetString(header.Slice(PartitionAt, PartitionLength)).TrimEnd('\0');
        if (!LedgerPartition.TryParse(name, out var partition))
        {
            return $"the segment header names '{name}', which is no partition";
        }

        segment = new(
            partition,
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[32..]));
        return null;
    }

    /// <summary>Writes the eight bytes before a record and the zeros after it; the record's bytes are already in place.</summary>
    /// <param name="frame">From the record's frame on.</param>
    /// <param name="length">The record's length in bytes.</param>
    /// <param name="startsGroup">Whether it is the first record of its write.</param>
    /// <returns>Length of the frame.</returns>
    public static int SealFrame(Span<byte> frame, int length, bool startsGroup)
    {
        var word = (uint)length | (startsGroup ? GroupStart : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, word);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Crc32C.Of(word, frame.Slice(RecordHeaderLength, length)));
        var framed = Framed(length);
        frame[(RecordHeaderLength + length)..framed].Clear();
        return framed;
    }
}

/// <summary>What a segment's first 64 bytes say.</summary>
/// <param name="Partition">The partition it belongs to.</param>
/// <param name="BaseOffset">Offset of its first record.</param>
/// <param name="CreatedMicros">When it was made, microseconds since 1970-01-01 UTC.</param>
/// <param name="Size">Bytes that were set aside for it.</param>
internal readonly record struct SegmentHeader(LedgerPartition Partition, long BaseOffset, long CreatedMicros, long Size);
