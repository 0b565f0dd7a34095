using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Stages.Verification;

/// <summary>What to verify and whom to believe. Nothing else in the folder is trusted: not its keys, not its states, not its identity.</summary>
public sealed record VerificationRequest
{
    /// <summary>The data folder or a copy of it; only <c>ledger/</c>, <c>tiles/</c> and <c>blobs/</c> are read.</summary>
    public required string Folder { get; init; }

    /// <summary>The public keys that are believed. One of a ledger's keys is enough for all its partitions.</summary>
    public required IReadOnlyList<VerifierKey> Trusted { get; init; }

    /// <summary>Reads the records of a ledger that is not in the folder, such as one in Kafka; null reads the folder's segments.</summary>
    public ILedgerReader? Records { get; init; }

    /// <summary>Brings a partition's checkpoint and tiles in the folder up to date, where they are a copy of those of a ledger that lives and whose records are read from it; null where they are what there is.</summary>
    public Action<LedgerPartition>? Renew { get; init; }

    /// <summary>Checkpoints that somebody kept, verbatim: the ledger must go on from each of them.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Kept { get; init; } = [];

    /// <summary>Whether blobs are hashed again as well.</summary>
    public bool Blobs { get; init; } = true;
}

/// <summary>How far verification is.</summary>
/// <param name="Partition">The partition being read.</param>
/// <param name="Records">Records read of it.</param>
/// <param name="Total">Records that its checkpoint covers.</param>
/// <param name="Bytes">Bytes read of all partitions.</param>
public readonly record struct VerificationProgress(LedgerPartition Partition, long Records, long Total, long Bytes);

/// <summary>What verification of one partition covered.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Checkpoint">The checkpoint as it reads; null when there is none.</param>
/// <param name="Records">Records read.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Dropped">Sealed records that retention dropped.</param>
/// <param name="Unsealed">Records that no checkpoint covers yet.</param>
/// <param name="Blobs">Blobs hashed.</param>
public sealed record PartitionCoverage(LedgerPartition Partition, Checkpoint? Checkpoint, long Records, long Bytes, long Dropped, long Unsealed, long Blobs);

/// <summary>What verification found.</summary>
public sealed record VerificationReport
{
    /// <summary>Everything found, in the order in which it was.</summary>
    public required IReadOnlyList<VerificationFinding> Findings { get; init; }

    /// <summary>What was covered.</summary>
    public required IReadOnlyList<PartitionCoverage> Partitions { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>True when nothing found is <see cref="VerificationSeverity.Broken"/> and something was there to verify.</summary>
    public bool IsSound => Partitions.Any(static p => p.Checkpoint is not null) && Findings.All(static f => f.Severity != VerificationSeverity.Broken);

    /// <summary>Records read per second.</summary>
    public double RecordsPerSecond => Partitions.Sum(static p => p.Records) / Math.Max(Elapsed.TotalSeconds, 1e-9);
}
