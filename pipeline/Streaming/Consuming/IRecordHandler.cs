using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Consuming;

/// <summary>
/// What a consumer does with records. The handler keeps its own position, together with the effect: in one transaction where it has a database,
/// otherwise in a <see cref="PositionFile"/> written after the effect, which must then stand being made twice.
/// </summary>
public interface IRecordHandler
{
    /// <summary>The offset to begin with: behind the last record whose effect is kept; 0 for a handler that starts anew.</summary>
    ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken);

    /// <summary>
    /// Applies records in order and, when this returns, keeps their effect and <see cref="ConsumedBatch.Next"/>.
    /// An exception means that nothing of the batch was kept: one of lost infrastructure is tried again, any other isolates the record, which is then parked.
    /// </summary>
    ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken);

    /// <summary>Consuming ended, with the process or because another takes the partition over; it may begin again.</summary>
    void Ended(LedgerPartition partition)
    {
    }
}

/// <summary>Records to apply.</summary>
/// <param name="Partition">Where they come from.</param>
/// <param name="Records">In order; none when only the position moves, past a record that was parked.</param>
/// <param name="Next">The position to keep with the effect; null when a parked record is replayed, which moves no position.</param>
public readonly record struct ConsumedBatch(LedgerPartition Partition, IReadOnlyList<LedgerRecord> Records, long? Next);
