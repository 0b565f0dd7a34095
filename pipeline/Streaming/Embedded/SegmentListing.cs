using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>Lists a partition's segments and drops them from the front.</summary>
internal static class SegmentListing
{
    public static IReadOnlyList<LedgerSegment> List(PartitionLog log)
    {
        var segments = log.Segments;
        return Describe(log, segments, segments.Length);
    }

    /// <summary>Removes every whole segment whose last offset is at most <paramref name="offset"/>, oldest first, never the one that is written to.</summary>
    /// <exception cref="IOException">The disk refuses; what was removed until then stays removed, from the front.</exception>
    public static IReadOnlyList<LedgerSegment> DropThrough(PartitionLog log, long offset, LedgerTelemetry telemetry)
    {
        var dropped = new List<LedgerSegment>();
        var segments = log.Segments;
        var count = 0;
        while (count + 1 < segments.Length && segments[count + 1].BaseOffset - 1 <= offset)
        {
            count++;
        }

        foreach (var (segment, described) in segments.Zip(Describe(log, segments, count)))
        {
            File.Delete(segment.Path);
            DurableFile.SyncFolder(log.Folder);
            log.Remove(segment);
            dropped.Add(described);
            telemetry.LogDropped(log.Partition, Path.GetFileName(segment.Path), described.FirstOffset, described.LastOffset);
        }

        return dropped;
    }

    /// <summary>Describes the first segments. Retention asks for one after another: what lies behind them is read no further than to the next known time.</summary>
    private static LedgerSegment[] Describe(PartitionLog log, ImmutableArray<Segment> segments, int count)
    {
        var described = new LedgerSegment[count];
        var later = TimeBehind(log, segments, count);
        for (var i = count - 1; i >= 0; i--)
        {
            var (end, open) = (EndOf(log, segments, i), i == segments.Length - 1);
            var file = new FileInfo(segments[i].Path);
            var bytes = open ? log.EndPosition : file.Exists ? file.Length : 0;
            var first = TimeFrom(log, segments[i].BaseOffset, end);
            described[i] = new(log.Partition, segments[i].BaseOffset, end - 1, bytes, first, TimeFrom(log, end - 1, end) ?? later, open);
            later = first ?? later;
        }

        return described;
    }

    // The first time that is known from a segment on.
    private static DateTimeOffset? TimeBehind(PartitionLog log, ImmutableArray<Segment> segments, int from)
    {
        for (var i = from; i < segments.Length; i++)
        {
            if (TimeFrom(log, segments[i].BaseOffset, EndOf(log, segments, i)) is { } time)
            {
                return time;
            }
        }

        return null;
    }

    private static long EndOf(PartitionLog log, ImmutableArray<Segment> segments, int i) => i == segments.Length - 1 ? log.Bounds.End : segments[i + 1].BaseOffset;

    // Of the first record that can be read: those before it may be damage that was accepted.
    private static DateTimeOffset? TimeFrom(PartitionLog log, long offset, long end)
    {
        if (offset >= end)
        {
            return null;
        }

        var batch = log.Read(offset, maxBytes: 1);
        return batch.Records.Count > 0 && batch.Records[0].Offset < end && EventReader.TryRead(batch.Records[0].Bytes.Span, out var read, out _) ? read!.Header.Time : null;
    }
}
