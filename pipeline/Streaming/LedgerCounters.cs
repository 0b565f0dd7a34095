namespace McpLedger.Streaming;

/// <summary>What heartbeats carry (I2). The gateway counts up; the ledger only reads.</summary>
public sealed class LedgerCounters
{
    private long _received;
    private long _handled;
    private long _dropped;

    /// <summary>Messages that arrived since boot.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Messages that were answered or passed on since boot.</summary>
    public long Handled => Interlocked.Read(ref _handled);

    /// <summary>Events that were not recorded since boot; only best-effort recording drops any.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>A message arrived.</summary>
    public void CountReceived() => Interlocked.Increment(ref _received);

    /// <summary>A message was answered or passed on.</summary>
    public void CountHandled() => Interlocked.Increment(ref _handled);

    /// <summary>An event was not recorded.</summary>
    public void CountDropped() => Interlocked.Increment(ref _dropped);
}
