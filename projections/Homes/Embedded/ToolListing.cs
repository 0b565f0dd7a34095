using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Lists tools by what their columns say.</summary>
internal static class ToolListing
{
    public static ViewPage<ToolView> Run(SqliteDatabase database, ToolFilter filter)
    {
        var (unlisted, key) = ViewCursor.Cut(filter.Cursor) ?? (long.MinValue, "");
        using var rows = database.Prepare(
            "SELECT doc, unlisted, key FROM tools WHERE (unlisted > ?1 OR (unlisted = ?1 AND key > ?2)) AND (?3 IS NULL OR server = ?3) AND changed >= ?4 AND withheld >= ?5"
            + " ORDER BY unlisted, key LIMIT ?6");
        rows.Bind(1, unlisted).Bind(2, key).Bind(3, filter.Server).Bind(4, filter.Changed ? 1L : 0L).Bind(5, filter.Withheld ? 1L : 0L).Bind(6, filter.Limit + 1);
        return ViewReading.Page(rows, ToolFold.Fold, filter.Limit);
    }
}
