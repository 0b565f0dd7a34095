using System.Collections.Immutable;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Digests of the tables in SQLite.</summary>
internal static class EmbeddedDigest
{
    // The row of an event follows from its time; what its number is among events of the same moment is no part of what is known.
    private const string EventColumns = "id, partition, offset, type, call, server, method, name, principal, session, verdict, outcome, status, code, duration, size";
    private const int EventWidth = 16;

    public static ProjectionDigest Of(SqliteDatabase database, IEnumerable<string> views)
    {
        var tables = ImmutableSortedDictionary.CreateBuilder<string, Digest>(StringComparer.Ordinal);
        foreach (var view in views)
        {
            tables.Add(view, OfRows(database, $"SELECT key, doc FROM {view} ORDER BY key", 2));
        }

        tables.Add("event", OfRows(database, $"SELECT {EventColumns} FROM event ORDER BY id", EventWidth));
        tables.Add("hourly", OfRows(database, Sums("hourly", "hour"), 10));
        tables.Add("daily", OfRows(database, Sums("daily", "day"), 10));
        return ProjectionDigest.Of(tables.ToImmutable());
    }

    /// <summary>Digest of a partition's events from an offset on, and how many lie before it.</summary>
    public static (Digest Kept, long Before) OfEvents(SqliteDatabase database, LedgerPartition partition, long offset)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"FROM event WHERE partition = '{partition}' AND offset");
        using var count = database.Prepare(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) {where} < {offset}"));
        var before = count.Step() ? count.Long(0) : 0;
        return (OfRows(database, string.Create(CultureInfo.InvariantCulture, $"SELECT {EventColumns} {where} >= {offset} ORDER BY id"), EventWidth), before);
    }

    // Lines are numbered as they come; what they say is what counts.
    private static string Sums(string table, string unit) =>
        $"SELECT s.{unit}, {Rollups.Columns}, s.n FROM {table} s JOIN line l ON l.id = s.line ORDER BY s.{unit}, {Rollups.Columns}";

    private static Digest OfRows(SqliteDatabase database, string sql, int columns)
    {
        using var hash = new RowHash();
        using var rows = database.Prepare(sql);
        while (rows.Step())
        {
            for (var i = 0; i < columns; i++)
            {
                hash.Add(rows.Bytes(i));
            }
        }

        return hash.End();
    }
}
