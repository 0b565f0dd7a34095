using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>A segment file as retention sees it.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="FirstOffset">Offset of its first record; also in its name.</param>
/// <param name="LastOffset">Offset of its last record; one less than <paramref name="FirstOffset"/> when it holds none.</param>
/// <param name="Bytes">Bytes of the file; of the segment being written to, without the room not written yet.</param>
/// <param name="FirstTime">Time of its first event; null when it holds none or that cannot be read.</param>
/// <param name="LastTime">Time of its last event; null when it holds none or that cannot be read.</param>
/// <param name="Open">Whether it is still written to and so cannot be dropped.</param>
public sealed record LedgerSegment(LedgerPartition Partition, long FirstOffset, long LastOffset, long Bytes, DateTimeOffset? FirstTime, DateTimeOffset? LastTime, bool Open);
