namespace McpLedger.Streaming.Embedded;

/// <summary>Follows the end of a partition that another process may be writing to.</summary>
internal static class LiveTail
{
    private const int Window = 256 * 1024;

    /// <summary>Walks the last segment on from where the end was seen last, over damage that was accepted.</summary>
    /// <returns>The end, where it lies, and what is broken there: null for what a write in progress, or a torn one, may look like.</returns>
    public static (long End, long Position, string? Damage) Follow(Segment segment, long end, long position, AcceptedDamage accepted)
    {
        using var file = segment.OpenToRead();
        if (segment.CheckHeader(file, out var header) is { } wrong)
        {
            return (end, position, $"{Path.GetFileName(segment.Path)}: {wrong}");
        }

        var length = RandomAccess.GetLength(file);
        using var cursor = new SegmentCursor(file, position, length, Window);
        (end, position) = segment.Walk(cursor, end, accepted);
        return (end, position, PartitionRecovery.DamageAfter(cursor, segment, end, position, length, header.Size));
    }
}
