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
    /// <param name="refused">Why nothing more goes though it may be old; null when what is left is to stay.</param>
    public static IReadOnlyList<Drop> Choose(IReadOnlyList<LedgerSegment> segments, long sealedThrough, DateTimeOffset now, RetentionOptions options, out string? refused)
    {
        refused = null;
        var drops = new List<Drop>();
        var bytes = segments.Sum(static s => s.Bytes);
        foreach (var segment in segments)
        {
            if (segment.Open || segment.LastOffset > sealedThrough)
            {
                break;
            }

            var old = options.MaxAge is { } age && segment.LastTime is { } last && now - last > age;
            var large = options.MaxBytes is { } most && bytes > most;
            if (!(old || large))
            {
                refused = options.MaxAge is not null && segment.LastTime is null
                    ? $"no time can be read in {segment.Partition} from offset {segment.FirstOffset} on, so that the age of offsets {segment.FirstOffset} to {segment.LastOffset} cannot be told"
                    : null;
                break;
            }

            drops.Add(new(segment, old ? "age" : "size"));
            bytes -= segment.Bytes;
        }

        return drops;
    }
}
