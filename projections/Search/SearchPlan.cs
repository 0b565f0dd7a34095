using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search;

/// <summary>A search request, checked: the moments between which hits lie, the rest of the query, and which page is wanted. It knows no index.</summary>
/// <param name="First">Earliest time, microseconds since 1970 UTC.</param>
/// <param name="Last">Latest time.</param>
/// <param name="After">Where the page before ended; null for the first.</param>
/// <param name="Query">The query without its times at the top, which <paramref name="First"/> and <paramref name="Last"/> say.</param>
internal sealed record SearchPlan(long First, long Last, HitPlace? After, SearchQuery Query)
{
    // What a time can be at all: years 1 to 9999. Differences of two such moments are numbers, too.
    private static readonly long Earliest = QueryValues.Micros(DateTimeOffset.MinValue);
    private static readonly long Latest = QueryValues.Micros(DateTimeOffset.MaxValue);

    private static readonly SearchQuery NoHousekeeping =
        new SearchQuery.Any([new SearchQuery.Is(FieldCatalog.Class, "traffic"), new SearchQuery.Is(FieldCatalog.Class, "control")]);

    /// <summary>Hits of a page.</summary>
    public required int Limit { get; init; }

    /// <summary>Whether totals, facets and the histogram are wanted.</summary>
    public required bool Summary { get; init; }

    public static Answer<SearchPlan> Of(SearchRequest request, DateTimeOffset now)
    {
        if (request.Limit is < 1 or > SearchRequest.MostHits)
        {
            return Wrong("limit", $"{request.Limit} is no page size.", $"From 1 to {SearchRequest.MostHits}.");
        }

        if (!QueryParser.TryParse(request.Query, now, out var query, out var fault))
        {
            return new(null, new("q", $"At {fault.Position}: found {fault.Found}, expected {fault.Expected}.", fault.Fix, fault.Position));
        }

        HitPlace? after = null;
        if (!string.IsNullOrEmpty(request.Cursor))
        {
            if (!HitPlace.TryParse(request.Cursor, out var place))
            {
                return Wrong("cursor", "This is no cursor.", "Take it from the answer before as it is, or leave it out.");
            }

            after = place;
        }

        var first = request.From is { } from ? QueryValues.Micros(from) : Earliest;
        var last = request.To is { } to ? QueryValues.Micros(to) : Latest;
        var parts = new List<SearchQuery>();
        foreach (var part in query is SearchQuery.All all ? [.. all.Parts] : new[] { query })
        {
            if (part is SearchQuery.Between between && between.Field == FieldCatalog.Time)
            {
                (first, last) = (Math.Clamp(between.Least, first, Latest), Math.Clamp(between.Most, Earliest, last));
            }
            else if (part is not SearchQuery.Everything)
            {
                parts.Add(part);
            }
        }

        if (!request.Housekeeping)
        {
            parts.Add(NoHousekeeping);
        }

        SearchQuery rest = parts.Count switch { 0 => new SearchQuery.Everything(), 1 => parts[0], _ => new SearchQuery.All([.. parts]) };
        return new(new(first, last, after, rest) { Limit = request.Limit, Summary = request.Summary }, null);
    }

    /// <summary>Whether the query asks for words or digests, which are those of payloads, or whether there are any: a digest tells whether a guess of the content is right.</summary>
    public static bool AsksForPayloads(SearchQuery query) => query switch
    {
        SearchQuery.Words => true,
        SearchQuery.Is part => IsOfPayloads(part.Field),
        SearchQuery.StartsWith part => IsOfPayloads(part.Field),
        SearchQuery.Exists part => IsOfPayloads(part.Field),
        SearchQuery.All all => all.Parts.Any(AsksForPayloads),
        SearchQuery.Any any => any.Parts.Any(AsksForPayloads),
        SearchQuery.Not not => AsksForPayloads(not.Inner),
        _ => false,
    };

    private static bool IsOfPayloads(SearchField field) => field == FieldCatalog.Text || field == FieldCatalog.Hash;

    private static Answer<SearchPlan> Wrong(string field, string detail, string fix) => new(null, new(field, detail, fix, null));
}
