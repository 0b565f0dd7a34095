using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Searches the engine through the alias. A page and what it is among are two requests that run side by side, because the first need not look at every match.</summary>
/// <exception cref="OperationCanceledException">Any asking: cancelled, or it took longer than 20 seconds.</exception>
/// <exception cref="ElasticException">Any asking: the engine does not answer.</exception>
internal sealed class ElasticIndex(ElasticClient client, ElasticState state, TimeProvider time) : IEventIndex
{
    /// <summary>All shards answer or none: a part is no answer. Before the first event there is no alias, and nothing to find.</summary>
    public const string Whole = "allow_partial_search_results=false&ignore_unavailable=true";

    private const string Relayed = "message.relayed.v1";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan GenerationHolds = TimeSpan.FromSeconds(10);
    private volatile Known? _known;

    public ValueTask<SearchPage> SearchAsync(SearchPlan plan, CancellationToken cancellationToken) => InTimeAsync(
        async stop =>
        {
            var summary = plan.Summary ? ElasticSummary.RunAsync(client, state.Names, plan, stop).AsTask() : Task.FromResult<SearchSummary?>(null);
            var hits = PageAsync(QueryOf(plan), "desc", plan.Limit + 1, plan.After, stop).AsTask();
            await Task.WhenAll(summary, hits).ConfigureAwait(false);
            var found = await hits.ConfigureAwait(false);
            var more = found.Count > plan.Limit;
            var page = more ? found[..plan.Limit] : found;
            return new SearchPage(page, more ? HitPlace.Of(page[^1]).ToString() : null, await summary.ConfigureAwait(false));
        },
        cancellationToken);

    public async ValueTask<Hit?> FindAsync(string id, CancellationToken cancellationToken) =>
        EventId.TryParse(id, out var read) ? await InTimeAsync(stop => FindAsync(read, stop), cancellationToken).ConfigureAwait(false) : null;

    public async ValueTask<IReadOnlyList<Hit>> MessagesAsync(string call, int most, CancellationToken cancellationToken)
    {
        var relayed = new SearchQuery.All([new SearchQuery.Is(FieldCatalog.Call, SearchDocument.Keyword(call)), new SearchQuery.Is(FieldCatalog.Type, Relayed)]);
        return await InTimeAsync(stop => PageAsync(relayed, "asc", most, null, stop), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The whole of a plan's query, times included.</summary>
    public static SearchQuery QueryOf(SearchPlan plan) => new SearchQuery.All([new SearchQuery.Between(FieldCatalog.Time, plan.First, plan.Last), plan.Query]);

    // By its place, at once; a time that its id does not tell, or a generation put in force just now, takes the search, a second later.
    private async ValueTask<Hit?> FindAsync(EventId id, CancellationToken cancellationToken) =>
        await GetAsync(id, cancellationToken).ConfigureAwait(false)
        ?? (await PageAsync(new SearchQuery.Is(FieldCatalog.Id, id.ToString()), "desc", 1, null, cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    // The engine drops a search whose connection is closed.
    private async ValueTask<T> InTimeAsync<T>(Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        return await ask(either.Token).ConfigureAwait(false);
    }

    private async ValueTask<List<Hit>> PageAsync(SearchQuery query, string order, int most, HitPlace? after, CancellationToken cancellationToken)
    {
        var body = ElasticJson.Object(json =>
        {
            json.WriteNumber("size", most);
            json.WriteBoolean("track_total_hits", false);
            json.WriteString("_source", ElasticMapping.Hit);
            json.WritePropertyName("query");
            ElasticQuery.Write(json, query);
            json.Array("sort", () =>
            {
                foreach (var field in new[] { FieldCatalog.Time, FieldCatalog.Id })
                {
                    json.WriteStartObject();
                    json.WriteString(field.Name, order);
                    json.WriteEndObject();
                }
            });
            if (after is { } place)
            {
                json.Array("search_after", () =>
                {
                    json.WriteNumberValue(place.Micros);
                    json.WriteStringValue(place.Event);
                });
            }
        });
        var answer = await client.PostAsync($"{state.Names.Alias}/_search?{Whole}&filter_path=hits.hits._id,hits.hits._source", body, cancellationToken).ConfigureAwait(false);
        if (!answer.Succeeded)
        {
            throw new ElasticException($"The search engine does not answer the query: {answer.Reason()}");
        }

        using var document = answer.Read();
        return document.RootElement.TryGetProperty("hits", out var found) && found.TryGetProperty("hits", out var hits)
            ? [.. hits.EnumerateArray().Select(h => ElasticDocument.Read(h.GetProperty("_id").GetString()!, h.GetProperty("_source")))]
            : [];
    }

    private async ValueTask<Hit?> GetAsync(EventId id, CancellationToken cancellationToken)
    {
        if (await GenerationAsync(cancellationToken).ConfigureAwait(false) is not { } generation || IndicesOf(generation, id) is not { Length: > 0 } indices)
        {
            return null;
        }

        var body = ElasticJson.Object(json => json.Array("docs", () =>
        {
            foreach (var index in indices)
            {
                json.WriteStartObject();
                json.WriteString("_index", index);
                json.WriteString("_id", id.ToString());
                json.WriteEndObject();
            }
        }));
        var answer = await client.PostAsync($"_mget?_source={ElasticMapping.Hit}", body, cancellationToken).ConfigureAwait(false);
        if (!answer.Succeeded)
        {
            throw new ElasticException($"The search engine does not look up an event: {answer.Reason()}");
        }

        using var document = answer.Read();
        foreach (var line in document.RootElement.GetProperty("docs").EnumerateArray())
        {
            if (line.TryGetProperty("found", out var found) && found.GetBoolean())
            {
                return ElasticDocument.Read(id.ToString(), line.GetProperty("_source"));
            }
        }

        return null;
    }

    // An id holds the moment at which it was made (RFC 9562 §5.7), a little before or after the event's own time: one index, or two around midnight.
    private string[] IndicesOf(ElasticGeneration generation, EventId id)
    {
        const long Around = 600_000_000;
        if (id.Value.Version != 7)
        {
            return [];
        }

        var bytes = id.Value.ToByteArray(bigEndian: true);
        var micros = ((long)bytes[0] << 40 | (long)bytes[1] << 32 | (long)bytes[2] << 24 | (long)bytes[3] << 16 | (long)bytes[4] << 8 | bytes[5]) * 1000;
        return micros is < Around or > ElasticDocuments.Latest - Around
            ? []
            : [.. new[] { micros - Around, micros + Around }.Select(m => state.Names.IndexOf(generation, m)).Distinct()];
    }

    private async ValueTask<ElasticGeneration?> GenerationAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && time.GetElapsedTime(known.At) < GenerationHolds)
        {
            return known.Generation;
        }

        var generation = await state.FindAsync(cancellationToken).ConfigureAwait(false);
        _known = generation is null ? null : new(generation, time.GetTimestamp());
        return generation;
    }

    private sealed record Known(ElasticGeneration Generation, long At);
}
