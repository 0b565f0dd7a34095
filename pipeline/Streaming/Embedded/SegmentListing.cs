using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>Lists a partition's segments and drops them from the front.</summary>
internal static class SegmentListing
{
    public static IReadOnlyList<LedgerSegment> List(PartitionLog log)
    {
        var segments = log.Segments;
        return Describe(log, segments);
    }

    /// <summary>Removes every whole segment whose last offset is at most <paramref name="offset"/>, oldest first, never the one that is written to.</summary>
    /// <exception cref="IOException">The disk refuses; what was removed until then stays removed, from the front.</exception>
    public static IReadOnlyList<LedgerSegment> DropThrough(PartitionLog log, long offset, LedgerTelemetry telemetry)
    {
        var dropped = new List<LedgerSegment>();
        var segments = log.Segments;
        foreach (var (segment, described) in segments.Zip(Describe(log, segments)).TakeWhile(s => !s.Second.Open && s.Second.LastOffset <= offset))
        {
            File.Delete(segment.Path);
            DurableFile.SyncFolder(log.Folder);
            log.Remove(segment);
            dropped.Add(described);
            telemetry.LogDropped(log.Partition, Path.GetFileName(segment.Path), described.FirstOffset, described.LastOffset);
        }

        return dropped;
    }

    private static LedgerSegment[] Describe(PartitionLog log, ImmutableArray<Segment> segments)
    {
        var described = new LedgerSegment[segments.Length];
        var (end, open) = (log.Bounds.End, true);
        DateTimeOffset? later = null;
        for (var i = segments.Length - 1; i >= 0; i--)
        {
            var file = new FileInfo(segments[i].Path);
            var bytes = open ? log.EndPosition : file.Exists ? file.Length : 0;
            var first = TimeFrom(log, segments[i].BaseOffset, end);
            described[i] = new(log.Partition, segments[i].BaseOffset, end - 1, bytes, first, TimeFrom(log, end - 1, end) ?? later, open);
            (end, open, later) = (segments[i].BaseOffset, false, first ?? later);
        }

        return described;
    }

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
