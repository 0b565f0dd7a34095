using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search.Sqlite;

/// <summary>Runs a search over the slices of the index, from the newest day back, and no further than it must.</summary>
internal static class EventSearch
{
    /// <summary>Most hits that facets and the histogram are counted over, where nothing was summed beforehand.</summary>
    public const int Counted = 10_000;

    // Counting an event touches its row: twice as many, spread over weeks, took half a second.
    private const int CountedWhereSummed = 5_000;

    // Hits that a facet is counted over beside sums that do not tell it.
    private const int Sampled = 2_000;

    private const string HitColumns =
        "e.row, e.id, e.type, e.call, e.server, e.method, e.name, e.principal, e.session, e.verdict, e.outcome, e.status, e.code, e.duration, e.size, e.partition, e.offset";

    private const string FacetColumns = "e.row, e.type, e.server, CASE WHEN e.method = 'tools/call' OR e.type LIKE 'tool.%' OR e.type = 'finding.raised.v1' THEN e.name END, e.principal, e.verdict, e.outcome";

    public static SearchPage Run(SqliteDatabase database, SearchPlan plan)
    {
        var query = SqliteQuery.Compile(plan.Query);
        var hits = Page(database, plan, query);
        var more = hits.Count > plan.Limit;
        var page = more ? hits[..plan.Limit] : hits;
        return new(page, more ? HitPlace.Of(page[^1]).ToString() : null, plan.Summary ? Summarise(database, plan, query) : null);
    }

    public static Hit HitOf(SqliteStatement row) => new()
    {
        Event = new Guid(row.Bytes(1), bigEndian: true).ToString("D"),
        Type = row.Text(2)!,
        Time = DateTimeOffset.UnixEpoch.AddMicroseconds(EventTable.MicrosOf(row.Long(0))),
        Call = row.Text(3),
        Server = row.Text(4),
        Method = row.Text(5),
        Name = row.Text(6),
        Principal = row.Text(7),
        Session = row.Text(8),
        Verdict = row.Text(9),
        Outcome = row.Text(10),
        Status = row.LongOrNull(11),
        Code = row.LongOrNull(12),
        DurationMicros = row.LongOrNull(13),
        Size = row.LongOrNull(14),
        Partition = row.Text(15)!,
        Offset = row.Long(16),
    };

    /// <summary>The hit columns of single events.</summary>
    public static string SelectHits(string where) => $"SELECT {HitColumns} FROM event e WHERE {where}";

    // Rows of one moment lie in the order in which they came; in that of their ids they are put here, moment by moment.
    private static List<Hit> Page(SqliteDatabase database, SearchPlan plan, SqliteQuery query)
    {
        var hits = new List<Hit>();
        var moment = new List<Hit>();
        var micros = long.MinValue;
        var last = plan.After is { } after ? Math.Min(plan.Last, after.Micros) : plan.Last;
        Each(database, plan with { Last = last }, query, HitColumns, int.MaxValue, row =>
        {
            if (EventTable.MicrosOf(row.Long(0)) is var at && at != micros)
            {
                Take();
                micros = at;
            }

            moment.Add(HitOf(row));
            return hits.Count <= plan.Limit;
        });
        Take();
        return hits;

        void Take()
        {
            hits.AddRange(moment
                .Where(h => plan.After is not { } before || before.IsBefore(micros, h.Event))
                .OrderByDescending(h => h.Event, StringComparer.Ordinal)
                .Take(plan.Limit + 1 - hits.Count));
            moment.Clear();
        }
    }

    private static SearchSummary Summarise(SqliteDatabase database, SearchPlan plan, SqliteQuery query)
    {
        // Where there is more than is worth counting, the sums answer. Of a stretch that the hours at its ends would decide they are not asked first.
        var wide = (plan.Last - plan.First) / Rollups.HourMicros >= 2;
        var sums = RollupSearch.Knows(plan.Query) ? new Lazy<SearchSummary?>(() => RollupSearch.Run(database, plan)) : null;
        if (wide && sums?.Value is { Total: > CountedWhereSummed })
        {
            return Completed(database, plan, query, sums.Value);
        }

        var (tally, all) = Count(database, plan, query, Counted);
        return all ? tally.Summary("exact", narrowest: 1_000_000)
            : sums?.Value is { } summed ? Completed(database, plan, query, summed)
            : tally.Summary("newest", narrowest: 1_000_000);
    }

    // Facets that the sums cannot tell for this query are counted over its newest hits, and say so.
    private static SearchSummary Completed(SqliteDatabase database, SearchPlan plan, SqliteQuery query, SearchSummary sums)
    {
        if (RollupSearch.KnowsAll(plan.Query))
        {
            return sums;
        }

        var (tally, _) = Count(database, plan, query, Sampled);
        var newest = tally.Summary("newest", narrowest: 1_000_000);
        return sums with
        {
            Facets = [.. Tally.Fields.Select((field, i) => RollupSearch.Counts(plan.Query, field) ? sums.Facets[i] : newest.Facets[i] with { Newest = newest.Total })],
        };
    }

    private static (Tally Tally, bool All) Count(SqliteDatabase database, SearchPlan plan, SqliteQuery query, int most)
    {
        var tally = new Tally();
        var all = Each(database, plan, query, FacetColumns, most + 1, row =>
        {
            if (tally.Total == most)
            {
                return false;
            }

            tally.Count(EventTable.MicrosOf(row.Long(0)), 1);
            for (var i = 0; i < Tally.Fields.Count; i++)
            {
                tally.Count(i, row.Text(i + 1), 1);
            }

            return true;
        });
        return (tally, all);
    }

    /// <returns>False when <paramref name="take"/> wanted no more, or there may be more than <paramref name="most"/>.</returns>
    private static bool Each(SqliteDatabase database, SearchPlan plan, SqliteQuery query, string columns, int most, Func<SqliteStatement, bool> take)
    {
        var left = most;
        foreach (var day in Slices(database, plan))
        {
            var slice = Schema.SliceName(day);
            var condition = query.Condition is { } text ? $" AND ({text.Replace("{slice}", slice, StringComparison.Ordinal)})" : "";
            using var rows = database.Prepare(
                $"SELECT {columns} FROM {slice} f CROSS JOIN event e ON e.row = f.rowid"
                + $" WHERE {slice} MATCH ?1 AND f.rowid BETWEEN ?2 AND ?3{condition} ORDER BY f.rowid DESC LIMIT ?4");
            rows.Bind(1, query.Match).Bind(2, EventTable.FirstRow(plan.First)).Bind(3, EventTable.LastRow(plan.Last)).Bind(4, left);
            for (var i = 0; i < query.Parameters.Count; i++)
            {
                rows.Bind(SqliteQuery.FirstParameter + i, query.Parameters[i]);
            }

            while (rows.Step())
            {
                if (!take(rows))
                {
                    return false;
                }

                left--;
            }
        }

        return left > 0;
    }

    private static List<long> Slices(SqliteDatabase database, SearchPlan plan)
    {
        var days = new List<long>();
        using var rows = database.Prepare("SELECT day FROM slice WHERE day BETWEEN ? AND ? ORDER BY day DESC");
        rows.Bind(1, Math.Max(0, plan.First) / Rollups.DayMicros).Bind(2, Math.Max(0, plan.Last) / Rollups.DayMicros);
        while (rows.Step())
        {
            days.Add(rows.Long(0));
        }

        return days;
    }
}
