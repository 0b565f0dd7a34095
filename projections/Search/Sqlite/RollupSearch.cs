using System.Runtime.InteropServices;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search.Sqlite;

/// <summary>Answers questions about what sums are kept of, over any range of time, without touching events.</summary>
/// <remarks>
/// Sums of what servers and tools do and sums of what principals do are kept apart (<see cref="Rollups"/>), so a question is asked of one kind, and of
/// the other kind's facets nothing is said here.
/// </remarks>
internal static class RollupSearch
{
    /// <summary>Most kinds of events that sums are read for: every request goes through all of them.</summary>
    public const int MostLines = 20_000;

    /// <summary>Most sums that one request reads.</summary>
    public const int MostSums = 250_000;

    private static readonly SearchField[] Columns =
        [FieldCatalog.Type, FieldCatalog.Class, FieldCatalog.Server, FieldCatalog.Method, FieldCatalog.Tool, FieldCatalog.Principal, FieldCatalog.Verdict, FieldCatalog.Outcome];

    private static readonly int ServerColumn = Array.IndexOf(Columns, FieldCatalog.Server);

    // Where the facets' fields stand among the columns.
    private static readonly int[] FacetColumns = [.. Tally.Fields.Select(f => Array.IndexOf(Columns, f))];

    private static readonly SearchField[] Shared = [.. Columns.Where(f => f != FieldCatalog.Principal)];
    private static readonly SearchField[] OfPrincipals = [FieldCatalog.Class, FieldCatalog.Principal];

    /// <summary>Whether sums are kept of all that the query asks for.</summary>
    public static bool Knows(SearchQuery query) => AsksOnly(query, Shared) || AsksOnly(query, OfPrincipals);

    /// <summary>Whether sums tell of all facets at once: of servers and tools, and of principals too.</summary>
    public static bool KnowsAll(SearchQuery query) => AsksOnly(query, [FieldCatalog.Class]);

    /// <summary>Whether the facet is among those that <see cref="Run"/> counts for the query.</summary>
    public static bool Counts(SearchQuery query, SearchField facet) =>
        KnowsAll(query) || (AsksOnly(query, Shared) ? Shared : OfPrincipals).Contains(facet);

    /// <returns>Total, histogram and the facets that <see cref="Counts"/> names; null when there are more sums than is worth reading.</returns>
    public static SearchSummary? Run(SqliteDatabase database, SearchPlan plan)
    {
        var tally = new Tally();
        var shared = AsksOnly(plan.Query, Shared);
        if (Read(database, plan, shared, tally, moments: true) is not { } width)
        {
            return null;
        }

        return KnowsAll(plan.Query) && Read(database, plan, shared: false, tally, moments: false) is null ? null : tally.Summary("hourly-sums", width);
    }

    private static bool AsksOnly(SearchQuery query, SearchField[] fields) => query switch
    {
        SearchQuery.Everything => true,
        SearchQuery.Is(var field, _) => fields.Contains(field),
        SearchQuery.StartsWith(var field, _) => fields.Contains(field),
        SearchQuery.Exists(var field) => fields.Contains(field),
        SearchQuery.All(var parts) => parts.All(p => AsksOnly(p, fields)),
        SearchQuery.Any(var parts) => parts.All(p => AsksOnly(p, fields)),
        SearchQuery.Not(var inner) => AsksOnly(inner, fields),
        _ => false,
    };

    /// <returns>Width of the narrowest sums' time; null when there are too many.</returns>
    private static long? Read(SqliteDatabase database, SearchPlan plan, bool shared, Tally tally, bool moments)
    {
        if (LinesOf(database, plan.Query, shared) is not { } lines)
        {
            return null;
        }

        var reading = new Reading(database, lines, moments ? tally : null);
        var first = Math.Max(0, plan.First) / Rollups.HourMicros;
        var last = Math.Max(0, plan.Last) / Rollups.HourMicros;
        var firstDay = (first + 23) / 24;
        var endDay = (last + 1) / 24;

        // The ends by the hour, what lies between by the day; where there are few days, all by the hour, for a finer histogram.
        var days = endDay - firstDay >= 4;
        var read = days
            ? reading.Sum("hourly", "hour", first, (firstDay * 24) - 1, Rollups.HourMicros)
                && reading.Sum("daily", "day", firstDay, endDay - 1, Rollups.DayMicros)
                && reading.Sum("hourly", "hour", endDay * 24, last, Rollups.HourMicros)
            : reading.Sum("hourly", "hour", first, last, Rollups.HourMicros);
        if (!read)
        {
            return null;
        }

        foreach (var (line, count) in reading.Counts)
        {
            for (var i = 0; i < FacetColumns.Length; i++)
            {
                tally.Count(i, lines[line][FacetColumns[i]], count);
            }
        }

        return days ? Rollups.DayMicros : Rollups.HourMicros;
    }

    private static Dictionary<long, string[]>? LinesOf(SqliteDatabase database, SearchQuery query, bool shared)
    {
        using var rows = database.Prepare($"SELECT l.id, {Rollups.Columns} FROM line l WHERE (l.type <> '') = ?1 LIMIT {MostLines + 1}");
        rows.Bind(1, shared ? 1 : 0);
        var lines = new Dictionary<long, string[]>();
        var read = 0;
        while (rows.Step())
        {
            if (++read > MostLines)
            {
                return null;
            }

            var values = new string[Columns.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = rows.Text(i + 1)!;
            }

            var servers = Rollups.ServersIn(values[0], values[ServerColumn]);
            if (QueryEvaluator.Matches(query, DocumentOf(values, servers)))
            {
                // A facet counts an event once, under the first.
                values[ServerColumn] = servers[0];
                lines.Add(rows.Long(0), values);
            }
        }

        return lines;
    }

    private static SearchDocument DocumentOf(string[] values, IReadOnlyList<string> servers)
    {
        var keywords = new List<FieldKeyword>(values.Length + servers.Count);
        for (var i = 0; i < values.Length; i++)
        {
            foreach (var value in i == ServerColumn ? servers : [values[i]])
            {
                if (value.Length > 0)
                {
                    // What is longer than a keyword was made one when it was summed.
                    keywords.Add(value.Length > SearchDocument.LongestKeyword ? new(Columns[i], value, value) : FieldKeyword.Of(Columns[i], value));
                }
            }
        }

        var version = values[0].LastIndexOf(".v", StringComparison.Ordinal);
        if (version > 0)
        {
            keywords.Add(FieldKeyword.Of(FieldCatalog.Type, values[0][..version]));
        }

        return new(default(EventId), values[0], 0, [.. keywords], [], "");
    }

    /// <summary>Adds sums up, line by line and moment by moment.</summary>
    private sealed class Reading(SqliteDatabase database, Dictionary<long, string[]> lines, Tally? moments)
    {
        private int _read;

        public Dictionary<long, long> Counts { get; } = [];

        /// <returns>False when there are too many.</returns>
        public bool Sum(string table, string unit, long first, long last, long width)
        {
            using var rows = database.Prepare($"SELECT {unit}, line, n FROM {table} WHERE {unit} BETWEEN ?1 AND ?2 LIMIT {MostSums + 1}");
            rows.Bind(1, first).Bind(2, last);
            while (rows.Step())
            {
                if (++_read > MostSums)
                {
                    return false;
                }

                var line = rows.Long(1);
                if (lines.ContainsKey(line))
                {
                    var count = rows.Long(2);
                    moments?.Count(rows.Long(0) * width, count);
                    CollectionsMarshal.GetValueRefOrAddDefault(Counts, line, out _) += count;
                }
            }

            return true;
        }
    }
}
