using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Embedded;

/// <summary>What a partition's folder held when it was opened.</summary>
internal sealed record RecoveredPartition
{
    public required IReadOnlyList<Segment> Segments { get; init; }

    /// <summary>Offset of the next record.</summary>
    public required long End { get; init; }

    /// <summary>Where that record goes in the last segment.</summary>
    public required long Position { get; init; }

    /// <summary>Bytes that were set aside for the last segment.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes behind <see cref="Position"/> that were written and never acknowledged.</summary>
    public required long TornBytes { get; init; }

    /// <summary>What is broken among acknowledged records; nothing may be written behind it.</summary>
    public required string? Damage { get; init; }
}

/// <summary>
/// Decides where a partition ends. Only the last write can be torn: the first record of every write carries a mark, and a write is begun
/// only when the one before it is durable. So what is broken with such a mark somewhere behind it was acknowledged: damage, never cut.
/// </summary>
internal static class PartitionRecovery
{
    public const string ClosedName = "closed.json";

    private const int Window = 1024 * 1024;
    private const int SmallestRecord = 64;

    public static RecoveredPartition Recover(PartitionLog log)
    {
        List<Segment> segments = [.. PartitionLog.List(log.Folder)];
        if (segments.Count == 0)
        {
            return new() { Segments = segments, End = 0, Position = 0, Size = 0, TornBytes = 0, Damage = null };
        }

        return Walk(segments, log.Accepted);
    }

    /// <summary>
    /// What is broken where the records of the last segment end, at <paramref name="position"/>.
    /// Null when that is the end, or the torn rest of one write that was never acknowledged.
    /// </summary>
    public static string? DamageAfter(SegmentCursor cursor, Segment segment, long end, long position, long length, long size)
    {
        cursor.Seek(position);
        var what = cursor.Step() == CursorStop.Damage ? cursor.What! : "the records end";
        var name = Path.GetFileName(segment.Path);
        if (length < size)
        {
            return $"{name} at byte {position}, offset {end}: {what}, but {size} bytes were set aside for the segment and it has {length}";
        }

        if (ReadClosed(Path.GetDirectoryName(segment.Path)!) is { } closed && (closed.Segment > segment.BaseOffset || (closed.Segment == segment.BaseOffset && closed.Position > position)))
        {
            return $"{name} at byte {position}, offset {end}: {what}, but the ledger was closed in good order at offset {closed.End}";
        }

        return cursor.FindData(position) >= 0 && NotTorn(cursor, position, length) is { } why ? $"{name} at byte {position}, offset {end}: {what}, but {why}" : null;
    }

    /// <summary>Says that the ledger was closed in good order: from now on nothing before <paramref name="end"/> can be torn.</summary>
    public static void WriteClosed(string folder, long segment, long end, long position) =>
        DurableFile.Replace(
            Path.Combine(folder, ClosedName),
            System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"segment\":{segment},\"end\":{end},\"position\":{position}}}\n")),
            UnixFileMode.UserRead | UnixFileMode.UserWrite);

    public static void RemoveClosed(string folder)
    {
        var path = Path.Combine(folder, ClosedName);
        if (File.Exists(path))
        {
            File.Delete(path);
            DurableFile.SyncFolder(folder);
        }
    }

    private static RecoveredPartition Walk(List<Segment> segments, AcceptedDamage accepted)
    {
        var segment = segments[^1];
        using var file = segment.OpenToRead();
        var length = RandomAccess.GetLength(file);
        if (segment.CheckHeader(file, out var header) is { } wrong)
        {
            return Damaged(segments, segment.BaseOffset, length, $"{Path.GetFileName(segment.Path)}: {wrong}");
        }

        using var cursor = new SegmentCursor(file, SegmentFormat.HeaderLength, length, Window);
        var (end, position) = segment.Walk(cursor, segment.BaseOffset, accepted);
        var damage = DamageAfter(cursor, segment, end, position, length, header.Size);
        if (damage is not null)
        {
            return Damaged(segments, end, length - position, damage);
        }

        var torn = cursor.FindData(position) >= 0 ? length - position : 0;
        return new() { Segments = segments, End = end, Position = position, Size = header.Size, TornBytes = torn, Damage = null };
    }

    /// <summary>Why what is broken at a position is not the torn rest of the last write; null when it is.</summary>
    private static string? NotTorn(SegmentCursor cursor, long position, long length)
    {
        var most = cursor.Looked + DamageSurvey.MostLooked;
        for (var at = cursor.FindData(position + 1); at >= 0; at = cursor.FindData(at))
        {
            at &= ~(long)(SegmentFormat.Alignment - 1);
            if (at > position)
            {
                cursor.Seek(at);
                if (cursor.Step() == CursorStop.Record && cursor.StartsGroup)
                {
                    return $"a later write stands at byte {at}";
                }

                if (cursor.Looked > most)
                {
                    return $"whether a later write stands behind byte {at} cannot be told in reasonable time";
                }
            }

            at += SegmentFormat.Alignment;
            if (at >= length)
            {
                break;
            }
        }

        return null;
    }

    // How many records the broken part held cannot be told, so their offsets are left out, as many as there is room for.
    private static RecoveredPartition Damaged(List<Segment> segments, long end, long lost, string damage) => new()
    {
        Segments = segments,
        End = end + (Math.Max(lost, 0) / SmallestRecord) + 1,
        Position = 0,
        Size = 0,
        TornBytes = 0,
        Damage = damage,
    };

    /// <summary>
    /// Digest of the last record of an instance that can be read, whatever damage stands before it; zeros where it wrote none. It is what a reader finds last once the damage is accepted, so that the chain then goes on.
    /// A folder whose instance was renamed holds chains of both names, and each goes on from its own.
    /// </summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static Digest LastOf(PartitionLog log, string instance)
    {
        foreach (var segment in log.Segments.Reverse())
        {
            Digest? last = null;
            foreach (var batch in log.ReadableOf(segment))
            {
                for (var i = batch.Records.Count - 1; i >= 0; i--)
                {
                    var record = batch.Records[i].Bytes.Span;
                    if (EventReader.TryReadChain(record, out var link, out _) && LedgerIdentity.IsChainOf(link.Chain, instance))
                    {
                        last = Digest.Of(record);
                        break;
                    }
                }

                batch.GiveBack();
            }

            if (last is { } found)
            {
                return found;
            }
        }

        return Digest.Zero;
    }

    private static (long Segment, long End, long Position)? ReadClosed(string folder)
    {
        var path = Path.Combine(folder, ClosedName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var json = new Utf8JsonReader(File.ReadAllBytes(path));
            long segment = -1, end = -1, position = -1;
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.PropertyName)
                {
                    var name = json.GetString();
                    json.Read();
                    _ = name switch { "segment" => segment = json.GetInt64(), "end" => end = json.GetInt64(), "position" => position = json.GetInt64(), _ => 0 };
                }
            }

            return segment < 0 || position < 0 ? null : (segment, end, position);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // A mark that cannot be read proves nothing; the walk decides alone.
            return null;
        }
    }
}
