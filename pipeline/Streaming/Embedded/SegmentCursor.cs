using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace McpLedger.Streaming.Embedded;

/// <summary>What stands at a position of a segment.</summary>
internal enum CursorStop
{
    /// <summary>Something that is no record.</summary>
    Damage = 0,

    /// <summary>A record whose checksum holds.</summary>
    Record = 1,

    /// <summary>Zeros, or the end of the file: nothing was written here.</summary>
    End = 2,
}

/// <summary>Walks a segment's records in order through one pooled window. A record's bytes are valid until the next step.</summary>
internal sealed class SegmentCursor(SafeFileHandle file, long position, long limit, int window) : IDisposable
{
    private byte[] _window = ArrayPool<byte>.Shared.Rent(window);
    private long _windowAt;
    private int _filled;

    /// <summary>Where the next step reads.</summary>
    public long Position { get; private set; } = position;

    /// <summary>The record that the last step found.</summary>
    public ReadOnlyMemory<byte> Record { get; private set; }

    /// <summary>Whether that record began a write of its own.</summary>
    public bool StartsGroup { get; private set; }

    /// <summary>Bytes that were looked at as those of a record, whether they are one or not.</summary>
    public long Looked { get; private set; }

    /// <summary>What is wrong where the last step stopped.</summary>
    public string? What { get; private set; }

    /// <summary>Reads the record at <see cref="Position"/> and, when there is one, moves behind it.</summary>
    public CursorStop Step()
    {
        if (limit - Position < SegmentFormat.RecordHeaderLength)
        {
            return CursorStop.End;
        }

        if (!Fill(SegmentFormat.RecordHeaderLength))
        {
            return Position + SegmentFormat.RecordHeaderLength <= limit && RandomAccess.GetLength(file) > Position ? Stop("the file ends inside a record's header") : CursorStop.End;
        }

        var header = At(SegmentFormat.RecordHeaderLength).Span;
        var word = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (word == 0)
        {
            return checksum == 0 ? CursorStop.End : Stop("a checksum stands without a length");
        }

        var length = (int)(word & ~SegmentFormat.GroupStart);
        if (length == 0 || length > limit - Position - SegmentFormat.RecordHeaderLength)
        {
            return Stop($"the length {length} does not fit the segment");
        }

        var framed = SegmentFormat.Framed(length);
        Looked += framed;
        if (!Fill(framed))
        {
            return Stop($"the file ends inside a record of {length} bytes");
        }

        var frame = At(framed);
        var record = frame.Slice(SegmentFormat.RecordHeaderLength, length);
        if (Crc32C.Of(word, record.Span) != checksum)
        {
            return Stop($"a record of {length} bytes does not match its checksum");
        }

        if (frame.Span[(SegmentFormat.RecordHeaderLength + length)..].ContainsAnyExcept((byte)0))
        {
            return Stop($"the bytes after a record of {length} bytes are not zero");
        }

        Record = record;
        StartsGroup = (word & SegmentFormat.GroupStart) != 0;
        Position += framed;
        return CursorStop.Record;
    }

    /// <summary>First position at or after <paramref name="from"/> whose byte is not zero; -1 when all are.</summary>
    public long FindData(long from)
    {
        Position = from;
        while (Position < limit && Fill(1))
        {
            var rest = At((int)Math.Min(limit - Position, _windowAt + _filled - Position)).Span;
            var found = rest.IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                return Position + found;
            }

            Position += rest.Length;
        }

        return -1;
    }

    /// <summary>Goes to another position.</summary>
    public void Seek(long to) => Position = to;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }

    private CursorStop Stop(string what)
    {
        What = what;
        return CursorStop.Damage;
    }

    private ReadOnlyMemory<byte> At(int length) => _window.AsMemory((int)(Position - _windowAt), length);

    private bool Fill(int needed)
    {
        var have = Position - _windowAt;
        if (have >= 0 && have + needed <= _filled)
        {
            return true;
        }

        if (needed > _window.Length)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = ArrayPool<byte>.Shared.Rent(needed);
        }

        _windowAt = Position;
        _filled = 0;
        while (_filled < _window.Length)
        {
            var wanted = (int)Math.Min(_window.Length - _filled, limit - _windowAt - _filled);
            var read = wanted > 0 ? RandomAccess.Read(file, _window.AsSpan(_filled, wanted), _windowAt + _filled) : 0;
            if (read == 0)
            {
                break;
            }

            _filled += read;
        }

        return _filled >= needed;
    }
}
