using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using McpLedger.Streaming.Parking;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// A record of the parked topic: <c>MCPLPARK</c>, <c>P</c> for parked or <c>F</c> for parked no more, the length of what is said (4 bytes, little endian), that as JSON, and the parked bytes.
/// </summary>
internal readonly record struct ParkedPiece(ParkedRecord Said, ReadOnlyMemory<byte> Bytes, bool IsForgotten)
{
    private const int HeaderLength = 13;
    private const byte Parked = (byte)'P';
    private const byte Forgotten = (byte)'F';

    private static ReadOnlySpan<byte> Magic => "MCPLPARK"u8;

    public byte[] Write()
    {
        var said = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(said))
        {
            ParkedJson.Write(json, Said);
        }

        var record = new byte[HeaderLength + said.WrittenCount + Bytes.Length];
        Magic.CopyTo(record);
        record[8] = IsForgotten ? Forgotten : Parked;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(9), said.WrittenCount);
        said.WrittenSpan.CopyTo(record.AsSpan(HeaderLength));
        Bytes.CopyTo(record.AsMemory(HeaderLength + said.WrittenCount));
        return record;
    }

    /// <returns>Null when the record is none.</returns>
    public static ParkedPiece? Read(ReadOnlyMemory<byte> record)
    {
        var header = record.Span;
        if (header.Length < HeaderLength || !header.StartsWith(Magic) || header[8] is not (Parked or Forgotten)
            || BinaryPrimitives.ReadInt32LittleEndian(header[9..]) is not (>= 0 and var length) || length > header.Length - HeaderLength)
        {
            return null;
        }

        return ParkedJson.Read(record.Slice(HeaderLength, length)) is { } said
            ? new(said, record[(HeaderLength + length)..], header[8] == Forgotten)
            : null;
    }
}
