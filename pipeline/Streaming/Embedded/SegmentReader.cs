using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>Reads records out of a row of segments, and says what is broken instead of stepping over it.</summary>
/// <param name="partition">The partition.</param>
/// <param name="segments">Its segments, oldest first.</param>
/// <param name="end">Offset after the last record.</param>
/// <param name="endPosition">Where that lies in the last segment.</param>
/// <param name="accepted">Damage that is stepped over all the same.</param>
internal readonly struct SegmentReader(LedgerPartition partition, ImmutableArray<Segment> segments, long end, long endPosition, AcceptedDamage accepted)
{
    private const int SmallestWindow = 16 * 1024;
    private const int LargestWindow = 1024 * 1024;

    public ReadBatch Read(long from, int maxBytes)
    {
        if (from > end)
        {
            return new([], from, $"{partition} ends at offset {end}; the records from there to {from - 1} are gone from the ledger");
        }

        if (segments.IsEmpty || from == end)
        {
            return new([], end, null);
        }

        // What was dropped from the front is no damage: retention said so in the control log.
        var next = Math.Max(from, segments[0].BaseOffset);
        var records = new List<LedgerRecord>();
        var bytes = 0;
        var slab = new RecordSlab();
        string? damage = null;
        for (var i = IndexOf(next); i < segments.Length && damage is null && (records.Count == 0 || bytes < maxBytes) && next < end; i++)
        {
            var last = i == segments.Length - 1;
            damage = ReadSegment(segments[i], last ? end : segments[i + 1].BaseOffset, last ? endPosition : long.MaxValue, maxBytes, records, slab, ref next, ref bytes);
        }

        return new ReadBatch(records, next, damage).In(slab.GiveBack);
    }

    private int IndexOf(long offset)
    {
        var found = segments.Length - 1;
        while (found > 0 && segments[found].BaseOffset > offset)
        {
            found--;
        }

        return found;
    }

    private string? ReadSegment(Segment segment, long segmentEnd, long limit, int maxBytes, List<LedgerRecord> records, RecordSlab slab, ref long next, ref int bytes)
    {
        try
        {
            using var file = segment.OpenToRead();
            if (segment.CheckHeader(file, out _) is { } wrong)
            {
                if (accepted.Find(segment, next, 0) is { } whole)
                {
                    next = whole.NextOffset;
                    return null;
                }

                return Damage(segment, next, 0, wrong);
            }

            limit = Math.Min(limit, RandomAccess.GetLength(file));
            var window = Math.Clamp(maxBytes - bytes, SmallestWindow, LargestWindow);
            var at = segment.CursorAt(file, next, limit, window, accepted, out var cursor, out var stop);
            using (cursor)
            {
                next = stop == CursorStop.Record ? at : next;
                while (stop == CursorStop.Record && at < segmentEnd && (records.Count == 0 || bytes < maxBytes))
                {
                    var position = cursor.Position;
                    stop = cursor.Step();
                    if (stop != CursorStop.Record)
                    {
                        if (accepted.Find(segment, at, position) is not { } stretch)
                        {
                            break;
                        }

                        cursor.Seek(position + stretch.Length);
                        (next, at, stop) = (stretch.NextOffset, stretch.NextOffset, CursorStop.Record);
                        continue;
                    }

                    segment.Passed(at, position);
                    records.Add(new(partition, at, slab.Keep(cursor.Record.Span, Math.Min(limit - position, maxBytes - bytes))));
                    bytes += cursor.Record.Length;
                    next = ++at;
                }

                return stop == CursorStop.Record ? null
                    : Damage(segment, at, cursor.Position, stop == CursorStop.End ? $"the records {at} to {segmentEnd - 1} are missing" : cursor.What!);
            }
        }
        catch (IOException e)
        {
            return Damage(segment, next, 0, $"the segment cannot be read: {e.Message}");
        }
    }

    private string Damage(Segment segment, long offset, long position, string what) =>
        $"{partition} offset {offset}: {Path.GetFileName(segment.Path)} at byte {position}: {what}";
}
