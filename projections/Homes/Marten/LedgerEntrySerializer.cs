using System.Buffers.Binary;
using JasperFx.Events;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>
/// Entries as bytes: partition and offset, then the record. Not as jsonb, which would store it otherwise and refuses some of what an event may hold.
/// The daemon of the same process soon asks for what was just appended: the newest entries are kept as they were read, so that nothing is read twice.
/// </summary>
internal sealed class LedgerEntrySerializer : IEventBinarySerializer
{
    private const int HeadLength = 13;
    private const int Places = 1 << 14;
    private const int LongestKept = 4_096;
    private readonly LedgerEntry?[] _newest = new LedgerEntry?[Places];

    public byte[] Serialize(Type type, object data)
    {
        var entry = (LedgerEntry)data;
        var bytes = new byte[HeadLength + entry.Bytes.Length];
        bytes[0] = (byte)entry.Partition.Log;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), entry.Partition.Number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(5), entry.Offset);
        entry.Bytes.Span.CopyTo(bytes.AsSpan(HeadLength));
        if (entry.Bytes.Length <= LongestKept)
        {
            Volatile.Write(ref _newest[PlaceOf(entry.Partition, entry.Offset)], entry);
        }

        return bytes;
    }

    public object Deserialize(Type type, byte[] data)
    {
        var partition = new LedgerPartition((LedgerLog)data[0], BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(1)));
        var offset = BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(5));
        return Volatile.Read(ref _newest[PlaceOf(partition, offset)]) is { } kept && kept.Partition == partition && kept.Offset == offset && kept.Bytes.Span.SequenceEqual(data.AsSpan(HeadLength))
            ? kept
            : LedgerEntry.Of(new(partition, offset, data.AsMemory(HeadLength)));
    }

    private static int PlaceOf(LedgerPartition partition, long offset) => (int)((offset + (partition.GetHashCode() * 7_919L)) & (Places - 1));
}
