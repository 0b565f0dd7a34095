using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>An event in Marten's store: the ledger's record as it is, and where it lies there.</summary>
/// <param name="Partition">Partition of the ledger.</param>
/// <param name="Offset">Offset in the partition.</param>
/// <param name="Bytes">The record.</param>
/// <param name="Event">The record, read.</param>
internal sealed record LedgerEntry(LedgerPartition Partition, long Offset, ReadOnlyMemory<byte> Bytes, LedgerEvent Event)
{
    /// <summary>Reads a record.</summary>
    /// <exception cref="InvalidDataException">It is no event, or its time is not between 1970 and 2100.</exception>
    public static LedgerEntry Of(LedgerRecord record)
    {
        if (!EventReader.TryRead(record.Bytes.Span, out var read, out var fault))
        {
            throw new InvalidDataException($"The record is no event: {fault}");
        }

        return Embedded.EventTable.Holds(Contracts.Search.QueryValues.Micros(read!.Header.Time))
            ? new(record.Partition, record.Offset, record.Bytes, read)
            : throw new InvalidDataException("The event's time is not between 1970 and 2100.");
    }
}
