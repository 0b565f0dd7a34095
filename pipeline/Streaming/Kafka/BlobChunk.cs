using System.Buffers.Binary;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// A piece of a blob as a record of the blobs topic: <c>MCPLBLOB</c>, the blob's SHA-256, its size (8 bytes), this piece's index and the number of pieces (4 bytes
/// each, little endian), then the bytes. Every piece but the last has <see cref="Size"/> bytes.
/// </summary>
internal readonly record struct BlobChunk(Digest Blob, long BlobSize, int Index, int Count, ReadOnlyMemory<byte> Bytes)
{
    public const int Size = 512 * 1024;

    private const int HeaderLength = 56;
    private const long LargestBlob = 1L << 28;

    private static ReadOnlySpan<byte> Magic => "MCPLBLOB"u8;

    /// <summary>The pieces of a blob, in order; one without bytes for an empty blob.</summary>
    public static IEnumerable<BlobChunk> Of(Digest blob, ReadOnlyMemory<byte> bytes)
    {
        var count = Math.Max(1, (bytes.Length + Size - 1) / Size);
        for (var i = 0; i < count; i++)
        {
            yield return new(blob, bytes.Length, i, count, bytes.Slice(i * Size, Math.Min(Size, bytes.Length - (i * Size))));
        }
    }

    public byte[] Write()
    {
        var record = new byte[HeaderLength + Bytes.Length];
        Magic.CopyTo(record);
        Convert.FromHexString(Blob.ToString()).CopyTo(record, 8);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), BlobSize);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(48), Index);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(52), Count);
        Bytes.CopyTo(record.AsMemory(HeaderLength));
        return record;
    }

    /// <summary>Reads a piece.</summary>
    /// <returns>Null when the record is none, or its numbers contradict each other.</returns>
    public static BlobChunk? Read(ReadOnlyMemory<byte> record)
    {
        var header = record.Span;
        if (header.Length < HeaderLength || !header.StartsWith(Magic))
        {
            return null;
        }

        var size = BinaryPrimitives.ReadInt64LittleEndian(header[40..]);
        var index = BinaryPrimitives.ReadInt32LittleEndian(header[48..]);
        var count = BinaryPrimitives.ReadInt32LittleEndian(header[52..]);
        var bytes = record[HeaderLength..];
        return size is >= 0 and <= LargestBlob
            && count == Math.Max(1, (size + Size - 1) / Size)
            && index >= 0 && index < count
            && bytes.Length == Math.Min(Size, size - ((long)index * Size))
                ? new(Digest.FromBytes(header.Slice(8, Digest.Size)), size, index, count, bytes)
                : null;
    }
}
