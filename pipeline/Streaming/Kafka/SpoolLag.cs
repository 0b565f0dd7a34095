namespace McpLedger.Streaming.Kafka;

/// <summary>What lies on this machine's disk and is not in the cluster yet.</summary>
/// <param name="Records">Records.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Age">How long the oldest has waited.</param>
/// <param name="Blobs">Blobs.</param>
/// <param name="BlobBytes">Their bytes.</param>
public readonly record struct SpoolLag(long Records, long Bytes, TimeSpan Age, long Blobs, long BlobBytes);
