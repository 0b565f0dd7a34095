using McpLedger.Contracts.Search;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Search;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Lists calls by what their columns say.</summary>
internal static class CallListing
{
    public static ViewPage<CallView> Run(SqliteDatabase database, CallFilter filter)
    {
        var (moment, key) = ViewCursor.Cut(filter.Cursor) ?? (long.MaxValue, "");
        var conditions = new List<string> { "started <= ?1", "(started < ?1 OR key < ?2)", "started BETWEEN ?3 AND ?4" };
        var values = new List<string>();
        Add("session", filter.Session);
        Add("server", filter.Server);
        Add("method", filter.Method);
        Add("name", filter.Name);
        Add("principal", filter.Principal);
        if (filter.Outcome == CallFold.Unresolved)
        {
            // Written out, so that the index of just these is used.
            conditions.Add($"outcome = '{CallFold.Unresolved}'");
        }
        else if (filter is { OrUnresolved: true, Outcome: { } outcome })
        {
            conditions.Add($"outcome IN (?{6 + values.Count}, '{CallFold.Unresolved}')");
            values.Add(outcome);
        }
        else
        {
            Add("outcome", filter.Outcome);
        }

        using var rows = database.Prepare($"SELECT doc, started, key FROM calls WHERE {string.Join(" AND ", conditions)} ORDER BY started DESC, key DESC LIMIT ?5");
        rows.Bind(1, moment).Bind(2, key)
            .Bind(3, filter.From is { } from ? QueryValues.Micros(from) : long.MinValue)
            .Bind(4, filter.To is { } to ? QueryValues.Micros(to) : long.MaxValue)
            .Bind(5, filter.Limit + 1);
        for (var i = 0; i < values.Count; i++)
        {
            rows.Bind(6 + i, values[i]);
        }

        return ViewReading.Page(rows, CallFold.Fold, filter.Limit);

        void Add(string column, string? value)
        {
            if (value is not null)
            {
                conditions.Add($"{column} = ?{6 + values.Count}");
                values.Add(value);
            }
        }
    }
}
