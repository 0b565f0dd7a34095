using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// Damage of a partition that an operator accepted: readers step over exactly these bytes, and over no others. A file beside the segments for each,
/// <c>{segment}-{position}.accepted</c>, written after the event that says so; bytes that are others by now are damage anew.
/// </summary>
internal sealed class AcceptedDamage(LedgerPartition partition, string folder)
{
    private const string Extension = ".accepted";
    private volatile ImmutableDictionary<(string Segment, long Position), DamagedStretch> _known = ImmutableDictionary<(string, long), DamagedStretch>.Empty;

    /// <summary>Finds what was accepted at a place where no record can be read.</summary>
    /// <returns>Null when nothing was.</returns>
    public DamagedStretch? Find(Segment segment, long offset, long position)
    {
        var key = (Path.GetFileName(segment.Path), position);
        if (_known.TryGetValue(key, out var known))
        {
            return IsAt(known, offset) ? known : null;
        }

        // Damage is rare, so that looking at the folder each time is no cost; another process may have accepted it meanwhile.
        if (Read(key.Item1, position) is { } found && IsAt(found, offset) && LeadsOn(found, segment) && DamagedStretch.DigestOf(segment.Path, found.Position, found.Length) == found.Sha256)
        {
            Pass(found);
            return found;
        }

        return null;
    }

    /// <summary>Steps over a stretch from now on, in this object only.</summary>
    public void Pass(DamagedStretch stretch) => _known = _known.SetItem((stretch.Segment, stretch.Position), stretch);

    /// <summary>Accepts a stretch for good; it is durable when this returns.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Accept(DamagedStretch stretch)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("firstOffset", stretch.FirstOffset);
        json.WriteNumber("nextOffset", stretch.NextOffset);
        json.WriteNumber("length", stretch.Length);
        json.WriteString("sha256", stretch.Sha256.ToString());
        json.WriteEndObject();
        json.Flush();
        DurableFile.Replace(PathOf(stretch.Segment, stretch.Position), bytes.WrittenSpan, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Pass(stretch);
    }

    // A file whose header is gone is stepped over as a whole: no record's place in it is known, so whoever stands anywhere in it stands before it.
    private static bool IsAt(DamagedStretch stretch, long offset) =>
        stretch.Position == 0 ? offset >= stretch.FirstOffset && offset < stretch.NextOffset : offset == stretch.FirstOffset;

    // Whoever steps over it must come further, in offsets and not beyond the file. No bytes are a stretch too, where a segment is missing behind a full one.
    private static bool LeadsOn(DamagedStretch stretch, Segment segment) =>
        stretch.NextOffset > stretch.FirstOffset && stretch.Length >= 0 && stretch.Length <= new FileInfo(segment.Path).Length - stretch.Position;

    private DamagedStretch? Read(string segment, long position)
    {
        var path = PathOf(segment, position);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            return Digest.TryParse(root.GetProperty("sha256").GetString(), out var digest)
                ? new(partition, root.GetProperty("firstOffset").GetInt64(), root.GetProperty("nextOffset").GetInt64(), segment, position, root.GetProperty("length").GetInt64(), digest)
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private string PathOf(string segment, long position) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(segment)}-{position:D20}{Extension}"));
}
