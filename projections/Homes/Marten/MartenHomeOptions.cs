using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Where the read models in PostgreSQL live and how they are kept.</summary>
public sealed record MartenHomeOptions
{
    /// <summary>Npgsql connection string of the database. Its role needs rights on the tables only, where <c>schema apply</c> is run by another.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Name of the database schema that says which side is in force, and beginning of the names of the two sides: <c>[a-z_][a-z0-9_]*</c>, at most 57 characters.</summary>
    public string Schema { get; init; } = "mcpledger";

    /// <summary>Partitions of the ledger that this process consumes. Each has a consumer of its own; they run beside one another.</summary>
    public IReadOnlyList<LedgerPartition> Partitions { get; init; } = [LedgerPartition.Calls, LedgerPartition.Control];

    /// <summary>Bytes of records folded in one transaction.</summary>
    public int MaxBatchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long a record may wait for others to be folded with: a batch costs more than the records in it.</summary>
    public TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(250);
}
