using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>Lists a partition's segments and drops them from the front.</summary>
internal static class SegmentListing
{
    public static IReadOnlyList<LedgerSegment> List(PartitionLog log)
    {
        var segments = log.Segments;
        var end = log.Bounds.End;
        return [.. segments.Select((segment, i) => Describe(log, segment, i == segments.Length - 1 ? end : segments[i + 1].BaseOffset, i == segments.Length - 1))];
    }

    /// <summary>Removes every whole segment whose last offset is at most <paramref name="offset"/>, oldest first, never the one that is written to.</summary>
    /// <exception cref="IOException">The disk refuses; what was removed until then stays removed, from the front.</exception>
    public static IReadOnlyList<LedgerSegment> DropThrough(PartitionLog log, long offset, LedgerTelemetry telemetry)
    {
        var dropped = new List<LedgerSegment>();
        var segments = log.Segments;
        for (var i = 0; i + 1 < segments.Length && segments[i + 1].BaseOffset - 1 <= offset; i++)
        {
            var described = Describe(log, segments[i], segments[i + 1].BaseOffset, open: false);
            File.Delete(segments[i].Path);
            DurableFile.SyncFolder(log.Folder);
            log.Remove(segments[i]);
            dropped.Add(described);
            telemetry.LogDropped(log.Partition, Path.GetFileName(segments[i].Path), described.FirstOffset, described.LastOffset);
        }

        return dropped;
    }

    private static LedgerSegment Describe(PartitionLog log, Segment segment, long end, bool open)
    {
        var file = new FileInfo(segment.Path);
        var bytes = open ? log.EndPosition : file.Exists ? file.Length : 0;
        return new(log.Partition, segment.BaseOffset, end - 1, bytes, TimeAt(log, segment.BaseOffset, end), TimeAt(log, end - 1, end), open);
    }

    private static DateTimeOffset? TimeAt(PartitionLog log, long offset, long end)
    {
        if (offset >= end)
        {
            return null;
        }

        var batch = log.Read(offset, maxBytes: 1);
        return batch.Records.Count > 0 && batch.Records[0].Offset == offset && EventReader.TryRead(batch.Records[0].Bytes.Span, out var read, out _) ? read!.Header.Time : null;
    }
}
