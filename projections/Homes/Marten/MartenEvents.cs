using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>The stored events of two sides, held to one another: what a rebuild did not bring back is either not kept by the ledger any more, or a difference.</summary>
internal static class MartenEvents
{
    /// <summary>Name under which a difference is told, beside those of the views.</summary>
    public const string Name = "events";

    /// <returns>How many events before the ledger's first ones only the side before has, and whether all others are the same: each with its bytes, in its stream, at its time.</returns>
    public static async ValueTask<(long Forgotten, bool IsKept)> CompareAsync(MartenStores stores, Side before, Side after, ILedgerReader reader, CancellationToken cancellationToken)
    {
        var firsts = new Dictionary<LedgerPartition, long>();
        foreach (var partition in reader.Partitions)
        {
            firsts.Add(partition, (await reader.BoundsAsync(partition, cancellationToken)).First);
        }

        await using var command = stores.Source.CreateCommand(
            $"""
            SELECT CASE WHEN new.id IS NULL THEN old.head END
            FROM (SELECT id, stream_id, timestamp, sha256(bdata) AS digest, substring(bdata FOR {LedgerEntrySerializer.HeadLength}) AS head FROM {stores.SchemaOf(before)}.mt_events) old
            FULL JOIN (SELECT id, stream_id, timestamp, sha256(bdata) AS digest FROM {stores.SchemaOf(after)}.mt_events) new ON new.id = old.id
            WHERE (old.stream_id, old.timestamp, old.digest) IS DISTINCT FROM (new.stream_id, new.timestamp, new.digest)
            """);
        command.CommandTimeout = 0;
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var (forgotten, isKept) = (0L, true);
        while (await rows.ReadAsync(cancellationToken))
        {
            var isForgotten = !await rows.IsDBNullAsync(0, cancellationToken) && LedgerEntrySerializer.PlaceOf(await rows.GetFieldValueAsync<byte[]>(0, cancellationToken)) is { } place
                && firsts.TryGetValue(place.Partition, out var first) && place.Offset < first;
            forgotten += isForgotten ? 1 : 0;
            isKept &= isForgotten;
        }

        return (forgotten, isKept);
    }
}
