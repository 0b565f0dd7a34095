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
    /// <summary>Bytes before the record: where it lies in the ledger.</summary>
    public const int HeadLength = 13;

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
            Volatile.Write(ref _newest[SlotOf(entry.Partition, entry.Offset)], entry);
        }

        return bytes;
    }

    public object Deserialize(Type type, byte[] data)
    {
        var (partition, offset) = PlaceOf(data) ?? throw new InvalidDataException("The stored event is shorter than the place before it.");
        return Volatile.Read(ref _newest[SlotOf(partition, offset)]) is { } kept && kept.Partition == partition && kept.Offset == offset && kept.Bytes.Span.SequenceEqual(data.AsSpan(HeadLength))
            ? kept
            : LedgerEntry.Of(new(partition, offset, data.AsMemory(HeadLength)));
    }

    /// <summary>Where a stored event lies in the ledger; null when these bytes are too short to say it.</summary>
    /// <param name="data">The stored event, or its first <see cref="HeadLength"/> bytes.</param>
    public static EventPlace? PlaceOf(ReadOnlySpan<byte> data) => data.Length < HeadLength
        ? null
        : new(new((LedgerLog)data[0], BinaryPrimitives.ReadInt32LittleEndian(data[1..])), BinaryPrimitives.ReadInt64LittleEndian(data[5..]));

    private static int SlotOf(LedgerPartition partition, long offset) => (int)((offset + (partition.GetHashCode() * 7_919L)) & (Places - 1));
}
