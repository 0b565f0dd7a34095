using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>A segment file as retention sees it.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="FirstOffset">Offset of its first record; also in its name.</param>
/// <param name="LastOffset">Offset of its last record; one less than <paramref name="FirstOffset"/> when it holds none.</param>
/// <param name="Bytes">Bytes of the file; of the segment being written to, without the room not written yet.</param>
/// <param name="FirstTime">Time of its first event that can be read; null when it holds none or damage stands before it.</param>
/// <param name="LastTime">Time of its last event, or where that cannot be read the first time that is known behind it; null when neither can be told.</param>
/// <param name="Open">Whether it is still written to and so cannot be dropped.</param>
public sealed record LedgerSegment(LedgerPartition Partition, long FirstOffset, long LastOffset, long Bytes, DateTimeOffset? FirstTime, DateTimeOffset? LastTime, bool Open);
