using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>A record's place in its writer's chain: per (writer instance, boot epoch, partition).</summary>
/// <param name="Chain">Id of the chain: <c>{instance}/{boot epoch}/{partition}</c>.</param>
/// <param name="Seq">Dense, from 0.</param>
/// <param name="Prev">SHA-256 of the chain's previous record; for seq 0, of the last durable record of the same instance's previous epoch, or zeros.</param>
public readonly record struct ChainLink(string Chain, long Seq, Digest Prev);
