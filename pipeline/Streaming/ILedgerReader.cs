using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>Reads the ledger from any offset on, in order, durable records only.</summary>
public interface ILedgerReader
{
    /// <summary>The partitions that exist.</summary>
    IReadOnlyList<LedgerPartition> Partitions { get; }

    /// <summary>First offset still kept and the offset after the last durable record.</summary>
    ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken);

    /// <summary>Reads what follows <paramref name="from"/>, at least one record when there is one, until <paramref name="maxBytes"/> are read.</summary>
    /// <returns>The records, and where to go on; damage is a value, never skipped.</returns>
    ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Returns once a record at or after <paramref name="from"/> may be durable.</summary>
    /// <exception cref="IOException">The ledger cannot be asked.</exception>
    ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken);
}

/// <summary>The range of offsets that a partition holds.</summary>
/// <param name="First">First offset still kept.</param>
/// <param name="End">Offset after the last durable record.</param>
public readonly record struct LedgerBounds(long First, long End);

/// <summary>Records in order.</summary>
/// <param name="Records">The records; empty at the end of the log.</param>
/// <param name="Next">Offset to read from next.</param>
/// <param name="Damage">What is broken right after <paramref name="Records"/>; null when nothing is.</param>
public sealed record ReadBatch(IReadOnlyList<LedgerRecord> Records, long Next, string? Damage)
{
    private Action? _giveBack;

    /// <summary>Bytes of the records.</summary>
    public int Bytes => Records.Sum(static r => r.Bytes.Length);

    /// <summary>Lets the next reads have the memory that the records lie in. For whoever keeps none of them: their bytes are others' afterwards. A batch that is not given back is the collector's.</summary>
    public void GiveBack() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();

    /// <summary>The batch, with a way to give back what its records lie in.</summary>
    internal ReadBatch In(Action giveBack) => this with { _giveBack = giveBack };
}
