using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>A partition of Kafka in parts of offsets, for retention: the cluster shows no files.</summary>
internal static class OffsetParts
{
    private const int MostParts = 64;
    private const int SmallestPart = 1024;

    /// <summary>Parts that end at multiples of a length that doubles as the partition grows, so that they stay where they are while records are added; oldest first, the last one is open.</summary>
    /// <exception cref="IOException">The cluster does not answer.</exception>
    public static async ValueTask<IReadOnlyList<LedgerSegment>> ListAsync(ILedgerReader reader, LedgerPartition partition, CancellationToken cancellationToken)
    {
        var (first, end) = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        var length = (long)SmallestPart;
        while ((end - first) / length > MostParts)
        {
            length *= 2;
        }

        var parts = new List<LedgerSegment>();
        var begins = await TimeAtAsync(reader, partition, first, end, cancellationToken).ConfigureAwait(false);
        for (long from = first, to; from < end; from = to)
        {
            to = Math.Min(from - (from % length) + length, end);
            var next = await TimeAtAsync(reader, partition, to, end, cancellationToken).ConfigureAwait(false);
            parts.Add(new(partition, from, to - 1, Bytes: 0, begins, next ?? await TimeAtAsync(reader, partition, to - 1, end, cancellationToken).ConfigureAwait(false), Open: to == end));
            begins = next;
        }

        return parts;
    }

    /// <summary>Where a partition is cut so that nothing up to an offset is left, but for its last record; null where nothing of that is there.</summary>
    public static long? Cut(LedgerBounds bounds, long offset) => Math.Min(offset, bounds.End - 2) + 1 is var cut && cut > bounds.First ? cut : null;

    private static async ValueTask<DateTimeOffset?> TimeAtAsync(ILedgerReader reader, LedgerPartition partition, long offset, long end, CancellationToken cancellationToken)
    {
        if (offset >= end)
        {
            return null;
        }

        var batch = await reader.ReadAsync(partition, offset, maxBytes: 1, cancellationToken).ConfigureAwait(false);
        return batch.Records.Count > 0 && EventReader.TryRead(batch.Records[0].Bytes.Span, out var read, out _) ? read!.Header.Time : null;
    }
}
