using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>Where events become durable.</summary>
public interface ILedgerWriter
{
    /// <summary>Appends one event and returns once it is durable: after that no crash of this machine loses it (I1).</summary>
    /// <remarks>Ends when the outcome is known or <paramref name="cancellationToken"/> fires; a cancelled wait does not unwrite the record.</remarks>
    ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken);
}

/// <summary>What came of an append. The zero value says that nothing was stored (I7).</summary>
/// <param name="Status">Whether it is durable.</param>
/// <param name="Partition">Where it lies.</param>
/// <param name="Offset">Its place there.</param>
public readonly record struct Appended(AppendStatus Status, LedgerPartition Partition, long Offset)
{
    /// <summary>True when the event is durable.</summary>
    public bool IsDurable => Status == AppendStatus.Durable;
}

/// <summary>Whether an event was stored, and if not, why.</summary>
public enum AppendStatus
{
    /// <summary>The ledger cannot store anything now: disk full, read-only, missing or locked. Nothing was stored; try again later.</summary>
    Unavailable = 0,

    /// <summary>Stored and durable.</summary>
    Durable = 1,

    /// <summary>Too many events are waiting. Nothing was stored; answer 503 with Retry-After.</summary>
    Pushback = 2,

    /// <summary>The event is larger than a record may be. Nothing was stored; use a claim check.</summary>
    TooLarge = 3,
}
