using McpLedger.Streaming;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>
/// Builds the index anew from the ledger beside the one in force, which answers and is kept until the alias names the new one. Consumers see for themselves that it was put in force,
/// also those of other processes, turn searches to it where that was not done yet, and fill what they had written elsewhere.
/// </summary>
internal sealed class ElasticReindex(
    ElasticClient client, ElasticState state, BulkWriter bulk, ElasticOptions options, ILedgerReader reader, IBlobStore blobs, TimeProvider time, ElasticTelemetry telemetry)
{
    /// <exception cref="IOException">
    /// The ledger is damaged, the engine fails, or another rebuilding was quicker; the index in force stays. Where the engine fails behind the switch, the new one is in force, and the message says so.
    /// </exception>
    public async ValueTask<ReindexReport> RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        await state.EnsureAsync(cancellationToken).ConfigureAwait(false);
        var (before, seq, term) = await state.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new ElasticException("The search engine lost its state just now.");
        var next = await state.NextAsync(cancellationToken).ConfigureAwait(false);
        await state.PutTemplateAsync(next.Number, inForce: false, cancellationToken).ConfigureAwait(false);
        var documents = new ElasticDocuments(state.Names, options, blobs, time);
        var counts = (Events: 0L, Refused: 0L);

        // Most of it; what came meanwhile; and, once consumers can see the new generation, what they had still brought to the one before.
        await CatchUpAsync().ConfigureAwait(false);
        await CatchUpAsync().ConfigureAwait(false);
        await client.PostAsync($"{state.Names.PatternOf(next.Number)}/_refresh", default, cancellationToken).ConfigureAwait(false);
        if (!await state.ReplaceAsync(next, seq, term, cancellationToken).ConfigureAwait(false))
        {
            // Two that began in the same moment may have taken the same number.
            if ((await state.FindAsync(cancellationToken).ConfigureAwait(false))?.Number != next.Number)
            {
                await RemoveAsync(g => g == next.Number, [next.Number], cancellationToken).ConfigureAwait(false);
            }

            throw new ElasticException("Another rebuilding of the search index was quicker; its generation is in force.");
        }

        try
        {
            await state.PutTemplateAsync(next.Number, inForce: true, cancellationToken).ConfigureAwait(false);
            await state.DropTemplateAsync(before.Number, cancellationToken).ConfigureAwait(false);
            await state.AliasAsync(next.Number, cancellationToken).ConfigureAwait(false);
            await CatchUpAsync().ConfigureAwait(false);
            await RemoveAsync(g => g != next.Number, [before.Number], cancellationToken).ConfigureAwait(false);
        }
        catch (ElasticException e)
        {
            throw new ElasticException(
                $"Generation {next.Number} is in force and the consumers go over to it with the next events, but what was left to do failed: {e.Message} Indices of generation {before.Number} may be left; the next rebuilding removes them.", e);
        }

        telemetry.LogBuilt(next.Number, counts.Events, counts.Refused);
        return new(next.Number, counts.Events, counts.Refused, time.GetElapsedTime(began));

        async ValueTask CatchUpAsync()
        {
            foreach (var partition in reader.Partitions)
            {
                var end = await state.PositionAsync(before, partition, cancellationToken).ConfigureAwait(false);
                var (events, refused) = await ElasticCatchUp.RunAsync(state, bulk, documents, reader, next, partition, end, options.MaxBatchBytes, cancellationToken).ConfigureAwait(false);
                counts = (counts.Events + events, counts.Refused + refused);
            }
        }
    }

    private async ValueTask RemoveAsync(Func<int, bool> which, IEnumerable<int> forgotten, CancellationToken cancellationToken)
    {
        foreach (var generation in forgotten)
        {
            await state.ForgetAsync(generation, reader.Partitions, cancellationToken).ConfigureAwait(false);
        }

        var indices = await state.IndicesAsync(cancellationToken).ConfigureAwait(false);
        await state.DeleteAsync(indices.Where(i => which(i.Generation)).Select(i => i.Name), cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What rebuilding the search index came to.</summary>
/// <param name="Generation">The generation that is now in force.</param>
/// <param name="Events">Events indexed.</param>
/// <param name="Refused">Records that were refused; the consumer parked them when it met them first.</param>
/// <param name="Took">How long it took.</param>
public sealed record ReindexReport(int Generation, long Events, long Refused, TimeSpan Took);
