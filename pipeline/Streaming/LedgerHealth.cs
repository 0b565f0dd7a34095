namespace McpLedger.Streaming;

/// <summary>Whether the ledger takes appends, for readiness.</summary>
public enum LedgerStatus
{
    /// <summary>It takes none: every append is refused.</summary>
    Unavailable = 0,

    /// <summary>It takes appends and something needs an operator.</summary>
    Degraded = 1,

    /// <summary>All is well.</summary>
    Ready = 2,
}

/// <summary>How the ledger is.</summary>
/// <param name="Status">Whether it takes appends.</param>
/// <param name="Reason">Why not, in words for an operator; null when all is well.</param>
/// <param name="Queued">Appends that wait for the disk.</param>
/// <param name="UsedBytes">Bytes of records, and with a quota also of blobs.</param>
/// <param name="QuotaBytes">The quota; 0 for none.</param>
public readonly record struct LedgerHealth(LedgerStatus Status, string? Reason, int Queued, long UsedBytes, long QuotaBytes)
{
    /// <summary>The worse of two statuses with its reason; queues add up.</summary>
    internal LedgerHealth With(LedgerHealth other) => this with
    {
        Status = other.Status < Status ? other.Status : Status,
        Reason = other.Reason is null ? Reason : Reason is null ? other.Reason : $"{Reason}; {other.Reason}",
        Queued = Queued + other.Queued,
    };
}
