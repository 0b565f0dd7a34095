using System.Buffers.Binary;
using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>Finds the stretches of a partition in which no record can be read, and where the next one stands behind each.</summary>
/// <param name="partition">The partition.</param>
/// <param name="segments">Its segments, oldest first.</param>
/// <param name="end">Offset after the last record.</param>
/// <param name="endPosition">Where that lies in the last segment.</param>
/// <param name="accepted">What is stepped over; the survey adds what it finds, to go on behind it.</param>
internal readonly struct DamageSurvey(LedgerPartition partition, ImmutableArray<Segment> segments, long end, long endPosition, AcceptedDamage accepted)
{
    private const int ReadBytes = 4 * 1024 * 1024;
    private const int Window = 64 * 1024;
    private const int Alignment = 8;

    private const long LeastLooked = 1024 * 1024;

    /// <summary>Bytes of a segment that are looked at to find a record behind broken ones: where each eight of them may claim to be a record of megabytes, that takes hours.</summary>
    public const long MostLooked = 1024 * 1024 * 1024;

    /// <summary>Reads the whole partition. Where finding what is left of a segment would take too long, that is given up.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read: that is no damage that could be accepted.</exception>
    public IReadOnlyList<DamagedStretch> Find(CancellationToken cancellationToken)
    {
        var found = new List<DamagedStretch>();
        var left = (Segment: "", Bytes: MostLooked);
        var reader = new SegmentReader(partition, segments, end, endPosition, accepted);
        for (var next = segments.IsEmpty ? end : segments[0].BaseOffset; next < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var batch = reader.Read(next, ReadBytes);
            next = batch.Next;
            if (batch.Damage is { } damage)
            {
                var stretch = Measure(next, ref left, cancellationToken) ?? throw new IOException(damage);
                found.Add(stretch);
                accepted.Pass(stretch);
                next = stretch.NextOffset;
            }
        }

        return found;
    }

    /// <summary>
    /// Reads all that <see cref="Find"/> finds to be readable, in order, without waiting for the end of the survey.
    /// </summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IEnumerable<ReadBatch> Readable()
    {
        var reader = new SegmentReader(partition, segments, end, endPosition, accepted);
        var left = (Segment: "", Bytes: MostLooked);
        for (var next = segments.IsEmpty ? end : segments[0].BaseOffset; next < end;)
        {
            var batch = reader.Read(next, ReadBytes);
            yield return batch;
            next = batch.Next;
            if (batch.Damage is { } damage)
            {
                var stretch = Measure(next, ref left, CancellationToken.None) ?? throw new IOException(damage);
                accepted.Pass(stretch);
                next = stretch.NextOffset;
            }
        }
    }

    /// <param name="offset">Where nothing can be read.</param>
    /// <param name="left">Bytes of the segment looked at last that may still be looked at to find what can be read behind it.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    private DamagedStretch? Measure(long offset, ref (string Segment, long Bytes) left, CancellationToken cancellationToken)
    {
        var i = segments.Length - 1;
        while (i > 0 && segments[i].BaseOffset > offset)
        {
            i--;
        }

        var segment = segments[i];
        left = left.Segment == segment.Path ? left : (segment.Path, MostLooked);
        var isLast = i == segments.Length - 1;
        var segmentEnd = isLast ? end : segments[i + 1].BaseOffset;
        using var file = segment.OpenToRead();
        var limit = Math.Min(isLast ? endPosition : long.MaxValue, RandomAccess.GetLength(file));
        if (segment.CheckHeader(file, out _) is not null)
        {
            return Of(segment, offset, segmentEnd, 0, limit);
        }

        segment.CursorAt(file, offset, limit, Window, accepted, out var cursor, out _);
        using (cursor)
        {
            var position = cursor.Position;
            var found = cursor.Step() == CursorStop.Record ? null
                : left.Bytes <= 0 ? Of(segment, offset, segmentEnd, position, limit - position)
                : Behind(segment, cursor, offset, position, segmentEnd, limit, left.Bytes, cancellationToken);
            left.Bytes -= Math.Max(LeastLooked, cursor.Looked);
            return found;
        }
    }

    private DamagedStretch Behind(Segment segment, SegmentCursor cursor, long offset, long position, long segmentEnd, long limit, long left, CancellationToken cancellationToken)
    {
        // A record that rotted where it stands keeps its length, and its neighbour shows that it does.
        if (FrameAt(segment, position, limit) is { } framed)
        {
            cursor.Seek(position + framed);
            if (offset + 1 == segmentEnd || cursor.Step() == CursorStop.Record)
            {
                return Of(segment, offset, offset + 1, position, framed);
            }
        }

        for (var at = position + Alignment; at < limit && cursor.Looked < left; at += Alignment)
        {
            cancellationToken.ThrowIfCancellationRequested();
            cursor.Seek(at);
            if (cursor.Step() != CursorStop.Record)
            {
                continue;
            }

            var records = 1L;
            while (cursor.Step() is CursorStop.Record)
            {
                records++;
            }

            // How many are lost is known from how many are left before the next segment's first offset. What stands between two broken places has no offset that anybody could tell.
            var end = cursor.Position;
            if (cursor.FindData(end) < 0)
            {
                return segmentEnd - records > offset ? Of(segment, offset, segmentEnd - records, position, at - position) : Of(segment, offset, segmentEnd, position, limit - position);
            }

            at = end;
        }

        return Of(segment, offset, segmentEnd, position, limit - position);
    }

    // The length is whatever stands there: all ones is one of two gigabytes.
    private static long? FrameAt(Segment segment, long position, long limit)
    {
        using var file = segment.OpenToRead();
        Span<byte> word = stackalloc byte[sizeof(uint)];
        if (RandomAccess.Read(file, word, position) < sizeof(uint))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(word) & ~SegmentFormat.GroupStart;
        return length > 0 && length < limit - position && SegmentFormat.Framed((int)length) is var framed && position + framed <= limit ? framed : null;
    }

    private DamagedStretch Of(Segment segment, long first, long next, long position, long length) =>
        new(partition, first, next, Path.GetFileName(segment.Path), position, length, DamagedStretch.DigestOf(segment.Path, position, length));
}
