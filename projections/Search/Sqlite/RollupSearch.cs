using System.Runtime.InteropServices;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search.Sqlite;

/// <summary>Answers questions about what sums are kept of, over any range of time, without touching events.</summary>
internal static class RollupSearch
{
    private static readonly SearchField[] Kept =
        [FieldCatalog.Type, FieldCatalog.Class, FieldCatalog.Server, FieldCatalog.Method, FieldCatalog.Tool, FieldCatalog.Principal, FieldCatalog.Verdict, FieldCatalog.Outcome];

    // Where the facets' fields stand among the columns.
    private static readonly int[] FacetColumns = [.. Tally.Fields.Select(f => Array.IndexOf(Kept, f) + 1)];

    public static SearchSummary Run(SqliteDatabase database, SearchPlan plan)
    {
        var tally = new Tally();
        var first = Math.Max(0, plan.First) / Rollups.HourMicros;
        var last = Math.Max(0, plan.Last) / Rollups.HourMicros;
        var firstDay = (first + 23) / 24;
        var endDay = (last + 1) / 24;
        var lines = LinesOf(database, plan.Query);

        // The ends by the hour, what lies between by the day; where there are few days, all by the hour, for a finer histogram.
        if (endDay - firstDay < 4)
        {
            Sum(database, "hourly", "hour", first, last, Rollups.HourMicros, tally, lines);
            return tally.Summary("hourly-sums", Rollups.HourMicros);
        }

        Sum(database, "hourly", "hour", first, (firstDay * 24) - 1, Rollups.HourMicros, tally, lines);
        Sum(database, "daily", "day", firstDay, endDay - 1, Rollups.DayMicros, tally, lines);
        Sum(database, "hourly", "hour", endDay * 24, last, Rollups.HourMicros, tally, lines);
        return tally.Summary("hourly-sums", Rollups.DayMicros);
    }

    /// <summary>Whether the query asks only for what sums are kept of.</summary>
    public static bool Knows(SearchQuery query) => query switch
    {
        SearchQuery.Everything => true,
        SearchQuery.Is(var field, _) => Kept.Contains(field),
        SearchQuery.StartsWith(var field, _) => Kept.Contains(field),
        SearchQuery.Exists(var field) => Kept.Contains(field),
        SearchQuery.All(var parts) => parts.All(Knows),
        SearchQuery.Any(var parts) => parts.All(Knows),
        SearchQuery.Not(var inner) => Knows(inner),
        _ => false,
    };

    private static void Sum(SqliteDatabase database, string table, string unit, long first, long last, long width, Tally tally, Dictionary<long, string[]> lines)
    {
        using var rows = database.Prepare($"SELECT {unit}, line, n FROM {table} WHERE {unit} BETWEEN ? AND ?");
        rows.Bind(1, first).Bind(2, last);
        var counts = new Dictionary<long, long>();
        while (rows.Step())
        {
            var line = rows.Long(1);
            if (lines.ContainsKey(line))
            {
                var count = rows.Long(2);
                tally.Count(rows.Long(0) * width, count);
                CollectionsMarshal.GetValueRefOrAddDefault(counts, line, out _) += count;
            }
        }

        foreach (var (line, count) in counts)
        {
            for (var i = 0; i < FacetColumns.Length; i++)
            {
                tally.Count(i, lines[line][FacetColumns[i] - 1], count);
            }
        }
    }

    private static Dictionary<long, string[]> LinesOf(SqliteDatabase database, SearchQuery query)
    {
        using var rows = database.Prepare($"SELECT l.id, {Rollups.Columns} FROM line l");
        var lines = new Dictionary<long, string[]>();
        while (rows.Step())
        {
            var values = new string[Kept.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = rows.Text(i + 1)!;
            }

            if (QueryEvaluator.Matches(query, DocumentOf(values)))
            {
                lines.Add(rows.Long(0), values);
            }
        }

        return lines;
    }

    private static SearchDocument DocumentOf(string[] values)
    {
        var keywords = new List<FieldKeyword>(values.Length + 1);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].Length > 0)
            {
                keywords.Add(FieldKeyword.Of(Kept[i], values[i]));
            }
        }

        var version = values[0].LastIndexOf(".v", StringComparison.Ordinal);
        if (version > 0)
        {
            keywords.Add(FieldKeyword.Of(FieldCatalog.Type, values[0][..version]));
        }

        return new(default(EventId), values[0], 0, keywords, [], "");
    }
}
