using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Consuming;

/// <summary>Does the work of one partition until cancelled; then finishes what is in hand, within its own budget, and returns.</summary>
public delegate Task RunPartition(LedgerPartition partition, CancellationToken cancellationToken);

/// <summary>
/// Runs the work of every partition that is this process's until cancelled: all of them on a ledger of one machine, a share of them where processes of one role
/// divide a ledger. A partition's work has ended here before it begins elsewhere.
/// </summary>
/// <param name="role">Name of those who share: each role has every partition.</param>
/// <param name="run">Does a partition's work.</param>
/// <param name="cancellationToken">Ends it.</param>
public delegate Task SharePartitions(string role, RunPartition run, CancellationToken cancellationToken);

/// <summary>Shares that need no agreement.</summary>
public static class PartitionShares
{
    /// <summary>Every partition of a ledger, at once: for the only process of its role.</summary>
    public static SharePartitions All(ILedgerReader reader) => (_, run, cancellationToken) =>
        Companions.RunAsync(reader.Partitions.Select(p => (Func<CancellationToken, Task>)(ending => run(p, ending))), cancellationToken);
}
