using McpLedger.Streaming;

namespace McpLedger.Stages.Retention;

/// <summary>A segment that may go, and why.</summary>
internal readonly record struct Drop(LedgerSegment Segment, string Reason);

/// <summary>Decides what is dropped. Pure: the same facts give the same answer.</summary>
internal static class RetentionPolicy
{
    /// <summary>Segments to drop, oldest first and none in between: only closed ones whose every record is sealed.</summary>
    /// <param name="segments">All segments of a partition, oldest first.</param>
    /// <param name="sealedThrough">Offset of the last record that a signed checkpoint covers; -1 for none.</param>
    /// <param name="now">The present.</param>
    /// <param name="options">The policy.</param>
    public static IReadOnlyList<Drop> Choose(IReadOnlyList<LedgerSegment> segments, long sealedThrough, DateTimeOffset now, RetentionOptions options)
    {
        var drops = new List<Drop>();
        var bytes = segments.Sum(static s => s.Bytes);
        foreach (var segment in segments)
        {
            var old = options.MaxAge is { } age && segment.LastTime is { } last && now - last > age;
            var large = options.MaxBytes is { } most && bytes > most;
            if (segment.Open || segment.LastOffset > sealedThrough || !(old || large))
            {
                break;
            }

            drops.Add(new(segment, old ? "age" : "size"));
            bytes -= segment.Bytes;
        }

        return drops;
    }
}
