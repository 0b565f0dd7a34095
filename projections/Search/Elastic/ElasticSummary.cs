using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Totals, facets and histogram of what matches, counted by the engine over all of it: first how many and between which moments, then by buckets of the width that those ask for.</summary>
internal static class ElasticSummary
{
    // A shard answers with its commonest values; what a value gets from shards where it is rarer than these is not counted, and the engine says so.
    private const int ShardValues = 2_000;
    private const long Narrowest = 1_000_000;

    public static async ValueTask<SearchSummary?> RunAsync(ElasticClient client, ElasticNames names, SearchPlan plan, CancellationToken cancellationToken)
    {
        var query = ElasticIndex.QueryOf(plan);
        using var counted = await AskAsync(client, names, query, WriteFacets, "hits.total.value,aggregations", cancellationToken).ConfigureAwait(false);
        var total = counted.RootElement.TryGetProperty("hits", out var hits) ? hits.GetProperty("total").GetProperty("value").GetInt64() : 0;
        if (total == 0)
        {
            return new(0, "exact", [.. Tally.Fields.Select(f => new Facet(f.Name, []))], new(Narrowest, []));
        }

        var found = counted.RootElement.GetProperty("aggregations");
        var (facets, exact) = Facets(found);
        var interval = Tally.IntervalOf(Moment(found, "last") - Moment(found, "first"), Narrowest);
        using var spread = await AskAsync(client, names, query, json => WriteHistogram(json, interval), "aggregations.times.buckets", cancellationToken).ConfigureAwait(false);
        return new(total, exact ? "exact" : "facets-short", facets, new(interval, Buckets(spread.RootElement)));
    }

    private static async ValueTask<JsonDocument> AskAsync(
        ElasticClient client, ElasticNames names, SearchQuery query, Action<Utf8JsonWriter> aggregate, string path, CancellationToken cancellationToken)
    {
        var body = ElasticJson.Object(json =>
        {
            json.WriteNumber("size", 0);
            json.WriteBoolean("track_total_hits", true);
            json.WritePropertyName("query");
            ElasticQuery.Write(json, query);
            json.Object("aggs", () => aggregate(json));
        });
        var answer = await client.PostAsync($"{names.Alias}/_search?{ElasticIndex.Whole}&filter_path={path}", body, cancellationToken).ConfigureAwait(false);
        return answer.Succeeded ? answer.Read() : throw new ElasticException($"The search engine does not count: {answer.Reason()}");
    }

    private static void WriteFacets(Utf8JsonWriter json)
    {
        foreach (var (name, kind) in new[] { ("first", "min"), ("last", "max") })
        {
            json.Object(name, () => json.Object(kind, () => json.WriteString("field", FieldCatalog.Time.Name)));
        }

        foreach (var field in Tally.Fields)
        {
            json.Object(field.Name, () => json.Object("terms", () =>
            {
                json.WriteString("field", $"{ElasticMapping.Facet}.{field.Name}");
                json.WriteNumber("size", Tally.MostValues);
                json.WriteNumber("shard_size", ShardValues);
            }));
        }
    }

    private static void WriteHistogram(Utf8JsonWriter json, long interval) => json.Object("times", () => json.Object("date_histogram", () =>
    {
        json.WriteString("field", ElasticMapping.Timestamp);
        json.WriteString("fixed_interval", string.Create(CultureInfo.InvariantCulture, $"{interval / 1_000_000}s"));
        json.WriteNumber("min_doc_count", 1);
    }));

    private static (IReadOnlyList<Facet> Facets, bool Exact) Facets(JsonElement found)
    {
        var exact = true;
        var facets = new List<Facet>(Tally.Fields.Count);
        foreach (var field in Tally.Fields)
        {
            var terms = found.GetProperty(field.Name);
            exact &= terms.GetProperty("doc_count_error_upper_bound").GetInt64() == 0;
            facets.Add(new(field.Name, [.. terms.GetProperty("buckets").EnumerateArray().Select(b => new FacetValue(b.GetProperty("key").GetString()!, b.GetProperty("doc_count").GetInt64()))]));
        }

        return (facets, exact);
    }

    // The engine computes with doubles, which hold every microsecond until 2255.
    private static long Moment(JsonElement found, string name) => (long)found.GetProperty(name).GetProperty("value").GetDouble();

    private static IReadOnlyList<TimeBucket> Buckets(JsonElement found) =>
        found.TryGetProperty("aggregations", out var aggregations)
            ? [.. aggregations.GetProperty("times").GetProperty("buckets").EnumerateArray().Select(b => new TimeBucket(DateTimeOffset.FromUnixTimeMilliseconds(b.GetProperty("key").GetInt64()), b.GetProperty("doc_count").GetInt64()))]
            : [];
}
