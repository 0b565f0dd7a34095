using System.Buffers.Binary;
using System.Globalization;
using McpLedger.Streaming.Embedded;
using Microsoft.Win32.SafeHandles;

namespace McpLedger.Stages.Verification;

/// <summary>Which records a segment file should hold.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Start">Offset of its first record.</param>
/// <param name="End">Offset of the next segment's first record.</param>
/// <param name="IsLast">Whether no segment follows, so that its end is known from nowhere and it may be written to meanwhile.</param>
internal readonly record struct SegmentExtent(string Name, long Start, long End, bool IsLast);

/// <summary>One segment file, read frame by frame, and on behind what is none. What it does for hostile bytes is bounded: what it hashes to find the next record, and how often it looks again.</summary>
internal sealed class SegmentReading(
    SafeFileHandle file, SegmentExtent segment, byte[] window, AcceptedAt accepted, ReadAt read, ISegmentVisitor visitor, CancellationToken cancellationToken)
{
    /// <summary>Bytes read at once, and more than a frame has.</summary>
    public const int Window = 4 * 1024 * 1024;

    private const int HeaderLength = 64;
    private const int FrameHeader = 8;
    private const int Alignment = 8;
    private const int BaseOffsetAt = 16;
    private const uint LengthBits = 0x7FFF_FFFF;
    private const int LongestSought = Window / 2;
    private const long MostHashed = 256 * 1024 * 1024;
    private const int MostLooks = 64;

    private readonly long _length = RandomAccess.GetLength(file);
    private long _offset = segment.Start;
    private long _position = HeaderLength;
    private long _windowAt = -1;
    private int _filled;
    private int _looks;
    private long _doubted = -1;
    private long _countedTo = -1;

    /// <summary>Bytes hashed to find where records go on.</summary>
    public long Hashed { get; private set; }

    private ReadOnlySpan<byte> Here => window.AsSpan((int)(_position - _windowAt), _filled - (int)(_position - _windowAt));

    public void Read(long from, long to)
    {
        if (!TryPassHeader(from))
        {
            return;
        }

        // Behind the end that the next segment's name gives lies what a failed write left, and nobody reads it.
        while (_position < _length && _offset < Math.Min(to, segment.End))
        {
            // Also before what is asked for: a stretch that was accepted may begin with a length that still stands, and is left at no place but its end.
            var framed = FrameHere();
            var holds = framed > 0 && ChecksumHolds(Here);
            if (!holds && (TryStepOver(_position, from) || IsWrittenMeanwhile(framed > 0)))
            {
                continue;
            }

            if (framed == 0)
            {
                if (!TrySkip())
                {
                    return;
                }

                continue;
            }

            if (_offset >= from)
            {
                visitor.Record(_offset, Here.Slice(FrameHeader, LengthOf(Here)), holds);
            }

            (_offset, _position) = (_offset + 1, _position + framed);
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> frame) => (int)(BinaryPrimitives.ReadUInt32LittleEndian(frame) & LengthBits);

    private static long Framed(int length) => FrameHeader + (((long)length + Alignment - 1) & ~(Alignment - 1L));

    /// <summary>Length of the frame that begins here; 0 when there is none, or not all of it.</summary>
    private static int Frame(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= FrameHeader && LengthOf(bytes) is > 0 and var length && Framed(length) <= bytes.Length ? (int)Framed(length) : 0;

    private static bool ChecksumHolds(ReadOnlySpan<byte> frame)
    {
        var word = BinaryPrimitives.ReadUInt32LittleEndian(frame);
        return Crc32C.Of(word, frame.Slice(FrameHeader, LengthOf(frame))) == BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]);
    }

    private string Text(FormattableString what) => $"{segment.Name}: {what.ToString(CultureInfo.InvariantCulture)}";

    private bool TryPassHeader(long from)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (read(file, header, 0) == HeaderLength && BinaryPrimitives.ReadInt64LittleEndian(header[BaseOffsetAt..]) == segment.Start)
        {
            return true;
        }

        if (TryStepOver(0, from))
        {
            return false;
        }

        visitor.Damage(segment.Start, Text($"its header is not that of a segment from offset {segment.Start} on"), atTheEnd: false);
        return true;
    }

    private void Fill(long position)
    {
        _windowAt = position;
        _filled = read(file, window, position);
    }

    /// <summary>Length of the frame at the place reached, all of which is then in the window; 0 when there is none.</summary>
    private int FrameHere()
    {
        if (_windowAt < 0 || _position < _windowAt || _position - _windowAt > _filled)
        {
            Fill(_position);
        }

        if (Frame(Here) is > 0 and var framed)
        {
            return framed;
        }

        if (_windowAt != _position && (Here.Length < FrameHeader || (LengthOf(Here) > 0 && Framed(LengthOf(Here)) <= Window)))
        {
            Fill(_position);
        }

        return Frame(Here);
    }

    private bool TryStepOver(long position, long from)
    {
        if (accepted(segment.Name, position, _offset) is not { } stretch || stretch.NextOffset > segment.End)
        {
            return false;
        }

        if (stretch.NextOffset > from)
        {
            visitor.Accepted(stretch);
        }

        (_offset, _position) = (stretch.NextOffset, stretch.Position + stretch.Length);
        return true;
    }

    /// <summary>Looks once more at bytes of the segment that is written to: what was half a record a moment ago, or none, may be one by now.</summary>
    private bool IsWrittenMeanwhile(bool isFrame)
    {
        if (!segment.IsLast || _doubted == _position || _looks == MostLooks)
        {
            return false;
        }

        (_doubted, _looks) = (_position, _looks + 1);
        Fill(_position);
        return isFrame || Frame(Here) > 0;
    }

    private bool IsRecord(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FrameHeader || LengthOf(bytes) is not (> 0 and <= LongestSought and var length) || Frame(bytes) == 0)
        {
            return false;
        }

        cancellationToken.ThrowIfCancellationRequested();
        Hashed += length;
        return ChecksumHolds(bytes);
    }

    /// <summary>Where no record can be read: at zeros the segment ends, behind anything else the next record is looked for.</summary>
    private bool TrySkip()
    {
        var began = _position;
        var data = Hashed >= MostHashed;
        for (var from = began; from < _length && Hashed < MostHashed;)
        {
            if (from != began)
            {
                Fill(from);
            }

            var bytes = window.AsSpan((int)(from - _windowAt), _filled - (int)(from - _windowAt));
            data |= bytes.ContainsAnyExcept((byte)0);
            for (var at = from == began ? Alignment : 0; at + FrameHeader <= bytes.Length && Hashed < MostHashed; at += Alignment)
            {
                if (IsRecord(bytes[at..]))
                {
                    return Resume(began, from + at);
                }
            }

            // The file ends here, earlier than it did where its writer went on to the next segment and gave back what it had not used of this one.
            if (_filled < Window)
            {
                break;
            }

            // The longest record that is sought may begin before the window's end.
            from = Math.Max(from + Alignment, _windowAt + _filled - LongestSought);
        }

        _position = began;
        if (data && IsRecordNow(began))
        {
            return true;
        }

        if (data)
        {
            visitor.Damage(_offset, Text(Hashed < MostHashed ? $"no record from byte {began} on" : (FormattableString)$"no record from byte {began} on, as far as it was searched"), segment.IsLast);
        }

        return false;
    }

    private bool Resume(long began, long position)
    {
        if (IsRecordNow(began))
        {
            return true;
        }

        visitor.Damage(_offset, Text($"no record from byte {began} to {position}"), atTheEnd: false);
        _position = position;

        // How many are lost is known from how many are left before the next segment's first offset.
        if (!segment.IsLast && position >= _countedTo && CountFrom(position) is { } left)
        {
            _offset = Math.Max(_offset, segment.End - left);
        }

        return true;
    }

    // While the rest was searched, its writer may have put there what was missing.
    private bool IsRecordNow(long position)
    {
        if (!segment.IsLast || _looks == MostLooks)
        {
            return false;
        }

        _looks++;
        Fill(position);
        return IsRecord(Here);
    }

    /// <summary>Records from a place to the end of the file; null where something else stands between them.</summary>
    private long? CountFrom(long position)
    {
        Span<byte> header = stackalloc byte[FrameHeader];
        for (var count = 0L; ; count++)
        {
            if (read(file, header, position) < FrameHeader || BinaryPrimitives.ReadInt64LittleEndian(header) == 0)
            {
                return count;
            }

            if (LengthOf(header) is var length && (length == 0 || position + Framed(length) > _length))
            {
                _countedTo = position;
                return null;
            }

            position += Framed(length);
        }
    }
}
