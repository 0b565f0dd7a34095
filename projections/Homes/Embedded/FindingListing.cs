using System.Globalization;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Search;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Lists findings by what their columns say.</summary>
internal static class FindingListing
{
    private const int Fixed = 5;

    public static ViewPage<FindingView> Run(SqliteDatabase database, FindingFilter filter)
    {
        var (moment, key) = ViewCursor.Cut(filter.Cursor) ?? (long.MaxValue, "");
        (string Column, string Value)[] equal = [.. filter.Equal()];
        var conditions = string.Concat(equal.Select((each, i) => string.Create(CultureInfo.InvariantCulture, $" AND {each.Column} = ?{Fixed + 1 + i}")));
        using var rows = database.Prepare(
            $"SELECT doc, raised, key FROM findings WHERE raised <= ?1 AND (raised < ?1 OR key < ?2) AND raised BETWEEN ?3 AND ?4{conditions} ORDER BY raised DESC, key DESC LIMIT ?5");
        rows.Bind(1, moment).Bind(2, key)
            .Bind(3, filter.From is { } from ? QueryValues.Micros(from) : long.MinValue)
            .Bind(4, filter.To is { } to ? QueryValues.Micros(to) : long.MaxValue)
            .Bind(Fixed, filter.Limit + 1);
        for (var i = 0; i < equal.Length; i++)
        {
            rows.Bind(Fixed + 1 + i, equal[i].Value);
        }

        return ViewReading.Page(rows, FindingFold.Fold, filter.Limit);
    }
}
