using System.Globalization;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search;

/// <summary>A search request, checked: the rows between which hits lie, and the rest of the query.</summary>
/// <param name="FirstRow">Lowest row.</param>
/// <param name="LastRow">Highest row of all pages.</param>
/// <param name="PageRow">Highest row of this page.</param>
/// <param name="Query">The query without its times at the top, which the rows say.</param>
internal sealed record SearchPlan(long FirstRow, long LastRow, long PageRow, SearchQuery Query)
{
    private static readonly SearchQuery NoHousekeeping =
        new SearchQuery.Any([new SearchQuery.Is(FieldCatalog.Class, "traffic"), new SearchQuery.Is(FieldCatalog.Class, "control")]);

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

        if (!TryReadCursor(request.Cursor, out var before))
        {
            return Wrong("cursor", "This is no cursor.", "Take it from the answer before as it is, or leave it out.");
        }

        var least = request.From is { } from ? QueryValues.Micros(from) : long.MinValue;
        var most = request.To is { } to ? QueryValues.Micros(to) : long.MaxValue;
        var rest = new List<SearchQuery>();
        foreach (var part in query is SearchQuery.All all ? [.. all.Parts] : new[] { query })
        {
            if (part is SearchQuery.Between between && between.Field == FieldCatalog.Time)
            {
                (least, most) = (Math.Max(least, between.Least), Math.Min(most, between.Most));
            }
            else if (part is not SearchQuery.Everything)
            {
                rest.Add(part);
            }
        }

        if (!request.Housekeeping)
        {
            rest.Add(NoHousekeeping);
        }

        var last = EventTable.LastRow(most);
        return new(
            new(
                EventTable.FirstRow(least),
                last,
                before is { } row ? Math.Min(last, row - 1) : last,
                rest.Count switch { 0 => new SearchQuery.Everything(), 1 => rest[0], _ => new SearchQuery.All([.. rest]) }),
            null);
    }

    public static string CursorAt(long row) => row.ToString("x16", CultureInfo.InvariantCulture);

    private static bool TryReadCursor(string? cursor, out long? row)
    {
        row = null;
        if (string.IsNullOrEmpty(cursor))
        {
            return true;
        }

        var read = long.TryParse(cursor, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && cursor.Length == 16 && value > long.MinValue;
        row = value;
        return read;
    }

    private static Answer<SearchPlan> Wrong(string field, string detail, string fix) => new(null, new(field, detail, fix, null));
}
