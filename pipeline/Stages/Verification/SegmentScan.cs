using System.Globalization;
using McpLedger.Contracts.Events;
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

    /// <summary>A stretch that an operator accepted, read over as a whole.</summary>
    void Accepted(DamageAccepted accepted);

    /// <summary>What would hold the records before <paramref name="to"/> that were not read is not there, or is not any more.</summary>
    void Gone(long to);
}

/// <summary>Finds what was accepted at a place where no record can be read; null where nothing was, or not these bytes.</summary>
internal delegate DamageAccepted? AcceptedAt(string segment, long position, long offset);

/// <summary>Reads bytes of a file, as <see cref="RandomAccess"/> does.</summary>
internal delegate int ReadAt(SafeFileHandle file, Span<byte> buffer, long position);

/// <summary>
/// Reads segment files by their documented form, without the ledger's own reader, and reads on behind damage: a record whose checksum fails is
/// still a record to hold against its leaf, and after bytes that are none the next record is looked for.
/// </summary>
internal sealed class SegmentScan : IRecordScan
{
    private const string Extension = ".seg";
    private const int NameDigits = 20;

    private readonly AcceptedAt _accepted;
    private readonly ReadAt _read;
    private readonly byte[] _window = new byte[SegmentReading.Window];

    public SegmentScan(string folder)
        : this(folder, static (_, _, _) => null, RandomAccess.Read)
    {
    }

    public SegmentScan(string folder, AcceptedAt accepted, ReadAt read)
    {
        (_accepted, _read) = (accepted, read);
        var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*" + Extension).ToLookup(static p => BaseOf(p) >= 0) : Array.Empty<string>().ToLookup(static _ => true);
        Segments = [.. files[true].Select(static p => (p, BaseOf(p))).OrderBy(static s => s.Item2)];
        Strays = [.. files[false].Select(static p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The segment files, by the offset of their first record.</summary>
    public IReadOnlyList<(string Path, long BaseOffset)> Segments { get; }

    /// <summary>Files that are called as segments are and bear no segment's name: the ledger reads none of them.</summary>
    public IReadOnlyList<string> Strays { get; }

    /// <inheritdoc/>
    public long? First => Segments.Count > 0 ? Segments[0].BaseOffset : null;

    /// <summary>Bytes hashed to tell whether records stand where others end.</summary>
    public long Hashed { get; private set; }

    /// <inheritdoc/>
    public void Read(long from, long to, ISegmentVisitor visitor, CancellationToken cancellationToken)
    {
        if ((First ?? long.MaxValue) is var first && first > from)
        {
            visitor.Gone(Math.Min(first, to));
        }

        for (var i = 0; i < Segments.Count; i++)
        {
            var (path, start) = Segments[i];
            var last = i + 1 == Segments.Count;
            var end = last ? long.MaxValue : Segments[i + 1].BaseOffset;
            if (end <= from || start >= to)
            {
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            using var file = Open(path);
            if (file is null)
            {
                visitor.Gone(Math.Min(end, to));
                continue;
            }

            var reading = new SegmentReading(file, new(Path.GetFileName(path), start, end, last), _window, _accepted, _read, visitor, cancellationToken);
            reading.Read(from, to);
            Hashed += reading.Hashed;
        }
    }

    private static long BaseOf(string path) =>
        Path.GetFileName(path) is { Length: var length } name && length == NameDigits + Extension.Length && long.TryParse(name.AsSpan(0, NameDigits), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : -1;

    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
