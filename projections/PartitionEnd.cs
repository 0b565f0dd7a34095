using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Projections;

/// <summary>
/// Where a partition ends, as last seen. A gauge cannot wait for a cluster's answer: each look begins the next question where none is under way, and shows what was answered last.
/// </summary>
internal sealed class PartitionEnd(ILedgerReader reader, LedgerPartition partition)
{
    private readonly Lock _gate = new();
    private Task _asking = Task.CompletedTask;
    private long _seen;

    /// <summary>Offset after its last record.</summary>
    public long Seen
    {
        get
        {
            lock (_gate)
            {
                _asking = _asking.IsCompleted ? AskAsync() : _asking;
            }

            return Interlocked.Read(ref _seen);
        }
    }

    private async Task AskAsync()
    {
        try
        {
            Interlocked.Exchange(ref _seen, (await reader.BoundsAsync(partition, CancellationToken.None).ConfigureAwait(false)).End);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // What was seen last has to do; that the ledger cannot be read is told by those who read it.
        }
    }
}
