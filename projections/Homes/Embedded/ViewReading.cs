using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Search;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Reads views from their tables.</summary>
internal static class ViewReading
{
    public static TView? Find<TView>(SqliteDatabase database, Fold<TView> fold, string key)
        where TView : class
    {
        using var rows = database.Prepare($"SELECT doc FROM {fold.Name} WHERE key = ?");
        rows.Bind(1, key);
        return rows.Step() ? Read(rows, 0, fold) : null;
    }

    public static IReadOnlyList<TView> All<TView>(SqliteDatabase database, Fold<TView> fold)
        where TView : class
    {
        using var rows = database.Prepare($"SELECT doc FROM {fold.Name} ORDER BY key");
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
        var (moment, key) = ViewCursor.Cut(cursor) ?? (long.MaxValue, "");
        using var rows = database.Prepare(
            $"SELECT doc, {column}, key FROM {fold.Name} WHERE {column} <= ?1 AND ({column} < ?1 OR key < ?2) ORDER BY {column} DESC, key DESC LIMIT ?3");
        return Page(rows.Bind(1, moment).Bind(2, key).Bind(3, limit + 1), fold, limit);
    }

    /// <summary>A page by key, the least first.</summary>
    public static ViewPage<TView> PageByKey<TView>(SqliteDatabase database, Fold<TView> fold, int limit, string? cursor)
        where TView : class
    {
        var (_, key) = ViewCursor.Cut(cursor) ?? (0, "");
        using var rows = database.Prepare($"SELECT doc, 0, key FROM {fold.Name} WHERE key > ?1 ORDER BY key LIMIT ?2");
        return Page(rows.Bind(1, key).Bind(2, limit + 1), fold, limit);
    }

    /// <summary>A page of rows of document, moment or rank, and key.</summary>
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
            last = ViewCursor.At(rows.Long(1), rows.Text(2)!);
        }

        return new(views, null);
    }

    /// <summary>Least offset among the events that are held of a partition; the largest there is when none is.</summary>
    public static long FirstOffset(SqliteDatabase database, LedgerPartition partition)
    {
        using var rows = database.Prepare("SELECT first FROM position WHERE partition = ?1");
        rows.Bind(1, partition.ToString());
        return rows.Step() ? rows.LongOrNull(0) ?? long.MaxValue : long.MaxValue;
    }

    public static IReadOnlyDictionary<string, ViewPosition> Positions(SqliteDatabase database)
    {
        using var rows = database.Prepare("SELECT partition, next, events, micros FROM position");
        var positions = new Dictionary<string, ViewPosition>(StringComparer.Ordinal);
        while (rows.Step())
        {
            positions.Add(rows.Text(0)!, new(rows.Long(1), rows.Long(2), rows.Long(3)));
        }

        return positions;
    }

    /// <summary>The view in a column.</summary>
    /// <exception cref="SqliteException">It is none: the file is damaged, in a place where the database itself does not notice it.</exception>
    public static TView Read<TView>(SqliteStatement rows, int column, Fold<TView> fold)
        where TView : class
    {
        try
        {
            return JsonSerializer.Deserialize(rows.Bytes(column), fold.Shape) ?? throw Damaged(fold.Name);
        }
        catch (JsonException)
        {
            throw Damaged(fold.Name);
        }
    }

    private static SqliteException Damaged(string table) =>
        new($"The read models are damaged: a row of {table} cannot be read. 'mcpledger rebuild' folds the log anew and puts them right.", raw.SQLITE_CORRUPT);
}
