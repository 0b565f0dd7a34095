using System.Globalization;
using System.Text.Json;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search;

/// <summary>Reads views from their tables.</summary>
internal static class ViewReading
{
    public static RequestFault? FaultOf(int limit, string? cursor) =>
        limit is < 1 or > SearchRequest.MostHits ? new("limit", $"{limit} is no page size.", $"From 1 to {SearchRequest.MostHits}.", null)
        : !string.IsNullOrEmpty(cursor) && Cut(cursor) is null ? new("cursor", "This is no cursor.", "Take it from the answer before as it is, or leave it out.", null)
        : null;

    public static TView? Find<TView>(SqliteDatabase database, Fold<TView> fold, string key)
        where TView : class
    {
        using var rows = database.Prepare($"SELECT doc FROM {fold.Name} WHERE key = ?");
        rows.Bind(1, key);
        return rows.Step() ? Read(rows, 0, fold) : null;
    }

    public static IReadOnlyList<TView> All<TView>(SqliteDatabase database, Fold<TView> fold, string tail, string? parameter)
        where TView : class
    {
        using var rows = database.Prepare($"SELECT doc FROM {fold.Name} {tail}");
        if (tail.Contains("?1", StringComparison.Ordinal))
        {
            rows.Bind(1, parameter);
        }

        var views = new List<TView>();
        while (rows.Step())
        {
            views.Add(Read(rows, 0, fold));
        }

        return views;
    }

    /// <summary>A page by a column of moments, newest first.</summary>
    public static ViewPage<TView> Page<TView>(SqliteDatabase database, Fold<TView> fold, string column, int limit, string? cursor)
        where TView : class
    {
        var (moment, key) = Cut(cursor) ?? (long.MaxValue, "");
        using var rows = database.Prepare(
            $"SELECT doc, {column}, key FROM {fold.Name} WHERE {column} <= ?1 AND ({column} < ?1 OR key < ?2) ORDER BY {column} DESC, key DESC LIMIT ?3");
        return Page(rows.Bind(1, moment).Bind(2, key).Bind(3, limit + 1), fold, limit);
    }

    /// <summary>A page of rows of document, moment and key.</summary>
    public static ViewPage<TView> Page<TView>(SqliteStatement rows, Fold<TView> fold, int limit)
        where TView : class
    {
        var views = new List<TView>(limit);
        string? last = null;
        while (rows.Step())
        {
            if (views.Count == limit)
            {
                return new(views, last);
            }

            views.Add(Read(rows, 0, fold));
            last = string.Create(CultureInfo.InvariantCulture, $"{rows.Long(1):x}-{rows.Text(2)}");
        }

        return new(views, null);
    }

    /// <summary>Moment and key of a cursor; null when it is none.</summary>
    public static (long Moment, string Key)? Cut(string? cursor)
    {
        var dash = cursor?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        return dash > 0 && long.TryParse(cursor.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var moment) ? (moment, cursor![(dash + 1)..]) : null;
    }

    public static Dictionary<string, (long Next, long Events, long Micros)> Positions(SqliteDatabase database)
    {
        using var rows = database.Prepare("SELECT partition, next, events, micros FROM position");
        var positions = new Dictionary<string, (long, long, long)>(StringComparer.Ordinal);
        while (rows.Step())
        {
            positions.Add(rows.Text(0)!, (rows.Long(1), rows.Long(2), rows.Long(3)));
        }

        return positions;
    }

    private static TView Read<TView>(SqliteStatement rows, int column, Fold<TView> fold)
        where TView : class => JsonSerializer.Deserialize(rows.Bytes(column), fold.Shape)!;
}
