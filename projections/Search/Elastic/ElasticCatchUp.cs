using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Indexes a stretch of a partition from the ledger, from where a generation stands. What is refused was parked when the consumer met it, or is met by it yet.</summary>
internal static class ElasticCatchUp
{
    /// <param name="state">Knows where the generation stands.</param>
    /// <param name="bulk">Writes.</param>
    /// <param name="documents">Makes documents.</param>
    /// <param name="reader">The ledger.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="end">Offset to end before.</param>
    /// <param name="maxBytes">Bytes of records in memory.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    /// <returns>Events indexed and records refused.</returns>
    /// <exception cref="IOException">The ledger is damaged, or the engine does not take them.</exception>
    public static async ValueTask<(long Events, long Refused)> RunAsync(
        ElasticState state, BulkWriter bulk, ElasticDocuments documents, ILedgerReader reader, ElasticGeneration generation, LedgerPartition partition, long end, int maxBytes, CancellationToken cancellationToken)
    {
        var (events, refused) = (0L, 0L);
        var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        var position = Math.Max(await state.PositionAsync(generation, partition, cancellationToken).ConfigureAwait(false), bounds.First);
        while (position < end)
        {
            var batch = await reader.ReadAsync(partition, position, maxBytes, cancellationToken).ConfigureAwait(false);
            if (batch.Damage is { } damage && batch.Records.Count == 0)
            {
                throw new IOException($"{partition} is damaged at offset {position}: {damage}");
            }

            var records = batch.Records.Where(r => r.Offset < end).ToArray();
            position = records.Length == 0 ? end : Math.Min(batch.Next, end);
            var faults = new Dictionary<long, string>();
            var (items, _) = await documents.MakePatientlyAsync(generation, records, faults, cancellationToken).ConfigureAwait(false);
            var written = await bulk.WriteAsync(items, cancellationToken).ConfigureAwait(false);
            await state.KeepAsync(generation, partition, position, cancellationToken).ConfigureAwait(false);
            (events, refused) = (events + written.Made + written.There, refused + faults.Count + written.Refused.Count);
        }

        return (events, refused);
    }
}
