using Microsoft.Win32.SafeHandles;

namespace McpLedger.Streaming.Embedded;

/// <summary>One segment file: where its records lie, found through an index with an entry every 64 KiB.</summary>
internal sealed class Segment(string path, long baseOffset)
{
    private const int IndexEvery = 64 * 1024;
    private const int HopWindow = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly List<(long Offset, long Position)> _index = [(baseOffset, SegmentFormat.HeaderLength)];

    public string Path { get; } = path;

    public long BaseOffset { get; } = baseOffset;

    /// <summary>Opens the file to read; nobody is kept from writing, renaming or removing it.</summary>
    /// <exception cref="IOException">It is not there or cannot be read.</exception>
    public SafeFileHandle OpenToRead()
    {
        try
        {
            return File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Tells the index where a record lies. Records are told in order; most are forgotten.</summary>
    public void Passed(long offset, long position)
    {
        lock (_gate)
        {
            if (position - _index[^1].Position >= IndexEvery && offset > _index[^1].Offset)
            {
                _index.Add((offset, position));
            }
        }
    }

    /// <summary>A position at or before the record <paramref name="offset"/>.</summary>
    public (long Offset, long Position) Before(long offset)
    {
        lock (_gate)
        {
            var low = 0;
            var high = _index.Count - 1;
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                (low, high) = _index[middle].Offset <= offset ? (middle, high) : (low, middle - 1);
            }

            return _index[low];
        }
    }

    /// <summary>Reads the header.</summary>
    /// <returns>Null when it is this segment's; otherwise what is wrong with it.</returns>
    public string? CheckHeader(SafeFileHandle file, out SegmentHeader header)
    {
        Span<byte> bytes = stackalloc byte[SegmentFormat.HeaderLength];
        var read = RandomAccess.Read(file, bytes, 0);
        var wrong = SegmentFormat.ReadHeader(bytes[..read], out header);
        return wrong ?? (header.BaseOffset == BaseOffset ? null : $"the segment header says base offset {header.BaseOffset}, the file name {BaseOffset}");
    }

    /// <summary>Walks from where a cursor stands to the end of what can be read, over accepted damage.</summary>
    /// <param name="cursor">The cursor, at a record's place.</param>
    /// <param name="offset">Offset of that record.</param>
    /// <param name="accepted">What is stepped over.</param>
    /// <returns>The offset after the last record, and where that lies.</returns>
    public (long End, long Position) Walk(SegmentCursor cursor, long offset, AcceptedDamage accepted)
    {
        while (true)
        {
            var position = cursor.Position;
            if (cursor.Step() == CursorStop.Record)
            {
                Passed(offset, position);
                offset++;
            }
            else if (accepted.Find(this, offset, position) is { } stretch)
            {
                cursor.Seek(position + stretch.Length);
                offset = stretch.NextOffset;
            }
            else
            {
                return (offset, position);
            }
        }
    }

    /// <summary>Opens a cursor that stands at <paramref name="offset"/>.</summary>
    /// <returns>The offset at which it stands: less than asked for when damage or the end came before, more when it lies in accepted damage.</returns>
    public long CursorAt(SafeFileHandle file, long offset, long limit, int window, AcceptedDamage accepted, out SegmentCursor cursor, out CursorStop stop)
    {
        var (at, position) = Before(offset);
        cursor = new(file, position, limit, at == offset ? window : Math.Max(window, HopWindow));
        stop = CursorStop.Record;
        while (at < offset)
        {
            position = cursor.Position;
            stop = cursor.Step();
            if (stop != CursorStop.Record)
            {
                if (accepted.Find(this, at, position) is not { } stretch)
                {
                    return at;
                }

                cursor.Seek(position + stretch.Length);
                (at, stop) = (stretch.NextOffset, CursorStop.Record);
                continue;
            }

            Passed(at, position);
            at++;
        }

        return at;
    }
}
