using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Parking;

/// <summary>A record that a consumer could not handle.</summary>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Partition">Where the record lies in the ledger.</param>
/// <param name="Offset">Its place there.</param>
/// <param name="Parked">When it was parked.</param>
/// <param name="Sha256">Digest of its bytes.</param>
/// <param name="Reason">Why it could not be handled.</param>
public sealed record ParkedRecord(string Consumer, LedgerPartition Partition, long Offset, DateTimeOffset Parked, Digest Sha256, string Reason)
{
    /// <summary>The record with the bytes that were parked.</summary>
    /// <exception cref="IOException">These are others.</exception>
    internal LedgerRecord Holding(byte[] bytes) => Digest.Of(bytes) == Sha256
        ? new(Partition, Offset, bytes)
        : throw new IOException($"The parked record {Partition} offset {Offset} of {Consumer} is not what was parked.");
}
