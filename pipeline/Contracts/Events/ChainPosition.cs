using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>Where a chain stands between two records.</summary>
/// <param name="NextSeq">The seq that the next record gets.</param>
/// <param name="Previous">Digest of the last record.</param>
public readonly record struct ChainPosition(long NextSeq, Digest Previous);
