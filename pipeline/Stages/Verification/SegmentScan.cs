using System.Buffers.Binary;
using System.Globalization;
using McpLedger.Streaming.Embedded;
using Microsoft.Win32.SafeHandles;

namespace McpLedger.Stages.Verification;

/// <summary>Where a partition's records are read from to be verified.</summary>
internal interface IRecordScan
{
    /// <summary>Offset of the first record that is kept; null when none is.</summary>
    long? First { get; }

    /// <summary>Reads the records from <paramref name="from"/> up to <paramref name="to"/> (exclusive).</summary>
    void Read(long from, long to, ISegmentVisitor visitor, CancellationToken cancellationToken);
}

/// <summary>Receives what lies in a partition, in order.</summary>
internal interface ISegmentVisitor
{
    /// <summary>A record. The bytes are valid during the call.</summary>
    void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds);

    /// <summary>A stretch that holds no record.</summary>
    void Damage(long offset, string what, bool atTheEnd);
}

/// <summary>
/// Reads segment files by their documented form, without the ledger's own reader, and reads on behind damage: a record whose checksum fails is
/// still a record to hold against its leaf, and after bytes that are none the next record is looked for.
/// </summary>
internal sealed class SegmentScan(string folder) : IRecordScan
{
    private const int HeaderLength = 64;
    private const int FrameHeader = 8;
    private const int Alignment = 8;
    private const int BaseOffsetAt = 16;
    private const int Window = 4 * 1024 * 1024;
    private const uint LengthBits = 0x7FFF_FFFF;
    private const string Extension = ".seg";

    private readonly byte[] _window = new byte[Window];

    /// <summary>The segment files, by the offset of their first record.</summary>
    public IReadOnlyList<(string Path, long BaseOffset)> Segments { get; } = !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "*" + Extension)
            .Select(static p => (p, long.TryParse(Path.GetFileNameWithoutExtension(p), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : -1))
            .Where(static s => s.Item2 >= 0)
            .OrderBy(static s => s.Item2)];

    /// <inheritdoc/>
    public long? First => Segments.Count > 0 ? Segments[0].BaseOffset : null;

    /// <inheritdoc/>
    public void Read(long from, long to, ISegmentVisitor visitor, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Segments.Count; i++)
        {
            var end = i + 1 < Segments.Count ? Segments[i + 1].BaseOffset : long.MaxValue;
            if (end > from && Segments[i].BaseOffset < to)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadSegment(Segments[i].Path, Segments[i].BaseOffset, end, from, to, i + 1 == Segments.Count, visitor);
            }
        }
    }

    private void ReadSegment(string path, long offset, long end, long from, long to, bool last, ISegmentVisitor visitor)
    {
        using var file = Open(path);
        if (file is null)
        {
            return;
        }

        var length = RandomAccess.GetLength(file);
        var position = (long)HeaderLength;
        Span<byte> header = stackalloc byte[HeaderLength];
        if (RandomAccess.Read(file, header, 0) < HeaderLength || BinaryPrimitives.ReadInt64LittleEndian(header[BaseOffsetAt..]) != offset)
        {
            visitor.Damage(offset, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: its header is not that of a segment from offset {offset} on"), atTheEnd: false);
        }

        while (position < length && offset < to)
        {
            var filled = RandomAccess.Read(file, _window, position);
            var at = 0;
            while (offset < to && Frame(_window.AsSpan(at, filled - at)) is > 0 and var framed)
            {
                var word = BinaryPrimitives.ReadUInt32LittleEndian(_window.AsSpan(at));
                var record = _window.AsSpan(at + FrameHeader, (int)(word & LengthBits));
                if (offset >= end)
                {
                    // What a failed write left behind the end that the next segment's name gives is read by nobody.
                    return;
                }

                if (offset >= from)
                {
                    visitor.Record(offset, record, Crc32C.Of(word, record) == BinaryPrimitives.ReadUInt32LittleEndian(_window.AsSpan(at + 4)));
                }

                offset++;
                at += framed;
            }

            if (offset >= to || (at == 0 && !TrySkip(file, path, ref position, length, offset, last, visitor)))
            {
                return;
            }

            position += at;
        }
    }

    // Retention may drop a segment of a ledger that lives: its records are then not there, which is judged as such.
    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Length of the frame that begins here; 0 when there is none, or not all of it.</summary>
    private static int Frame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FrameHeader)
        {
            return 0;
        }

        var length = (int)(BinaryPrimitives.ReadUInt32LittleEndian(bytes) & LengthBits);
        var framed = FrameHeader + (((long)length + Alignment - 1) & ~(Alignment - 1L));
        return length > 0 && framed <= bytes.Length ? (int)framed : 0;
    }

    /// <summary>Where no record can be read: at zeros the segment ends, behind anything else the next record is looked for.</summary>
    private bool TrySkip(SafeFileHandle file, string path, ref long position, long length, long offset, bool last, ISegmentVisitor visitor)
    {
        var began = position;
        var data = false;
        while (position < length)
        {
            var filled = RandomAccess.Read(file, _window, position);
            if (filled == 0)
            {
                // The writer went on to the next segment and gave back what it had not used of this one.
                break;
            }

            var window = _window.AsSpan(0, filled);
            data |= window.ContainsAnyExcept((byte)0);
            for (var at = position == began ? Alignment : 0; at + FrameHeader <= window.Length; at += Alignment)
            {
                var frame = window[at..];
                var word = BinaryPrimitives.ReadUInt32LittleEndian(frame);
                if (word != 0 && Frame(frame) > 0 && Crc32C.Of(word, frame.Slice(FrameHeader, (int)(word & LengthBits))) == BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]))
                {
                    visitor.Damage(offset, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: no record from byte {began} to {position + at}"), atTheEnd: false);
                    position += at;
                    return true;
                }
            }

            position += filled == _window.Length ? filled / 2 : filled;
        }

        if (data)
        {
            visitor.Damage(offset, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: no record from byte {began} on"), last);
        }

        return false;
    }
}
