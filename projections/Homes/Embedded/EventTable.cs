using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>One row and one full-text document an event. The row's number is its time, so that newest first is the index's own order and a range of time a range of rows.</summary>
internal sealed class EventTable
{
    /// <summary>Low bits of a row, which tell events of one moment apart.</summary>
    public const int TieBits = 11;

    private const int MostTries = 1 << 16;
    private readonly StringBuilder _text = new(8192);
    private readonly HashSet<long> _slices = [];

    public static long FirstRow(long micros) => micros >= long.MaxValue >> TieBits ? long.MaxValue : micros <= long.MinValue >> TieBits ? long.MinValue : micros << TieBits;

    public static long LastRow(long micros) => micros >= long.MaxValue >> TieBits ? long.MaxValue : FirstRow(micros) | ((1 << TieBits) - 1);

    public static long MicrosOf(long row) => row >> TieBits;

    public static long DayOf(long row) => Math.Max(0, MicrosOf(row)) / Rollups.DayMicros;

    /// <summary>Whether a row can be made of this moment: from 1970 to 2100.</summary>
    public static bool Holds(long micros) => micros is >= 0 and < 4_102_444_800_000_000;

    /// <summary>Gives the event its row.</summary>
    /// <returns>Null when an event of that id is there already: the record is a second copy and has no further effect.</returns>
    public static long? Insert(SqliteDatabase database, LedgerRecord record, SearchDocument document)
    {
        Span<byte> id = stackalloc byte[16];
        document.Id.Value.TryWriteBytes(id, bigEndian: true, out _);
        var row = FirstRow(document.Micros) | (record.Partition.Log == LedgerLog.Control ? 1L << (TieBits - 1) : 0) | (record.Offset & ((1 << (TieBits - 1)) - 1));
        var statement = database.Kept(
            "INSERT OR IGNORE INTO event(row, id, partition, offset, type, call, server, method, name, principal, session, verdict, outcome, status, code, duration, size)"
            + " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        statement.Bind(2, id).Bind(3, record.Partition.ToString()).Bind(4, record.Offset).Bind(5, document.Type)
            .Bind(6, document.First(FieldCatalog.Call)).Bind(7, document.First(FieldCatalog.Server)).Bind(8, document.First(FieldCatalog.Method))
            .Bind(9, document.First(FieldCatalog.Name)).Bind(10, document.First(FieldCatalog.Principal)).Bind(11, document.First(FieldCatalog.Session))
            .Bind(12, document.First(FieldCatalog.Verdict)).Bind(13, document.First(FieldCatalog.Outcome)).Bind(14, document.Number(FieldCatalog.Status))
            .Bind(15, document.Number(FieldCatalog.Code)).Bind(16, document.Number(FieldCatalog.Duration)).Bind(17, document.Number(FieldCatalog.Size));
        for (var tries = 0; tries < MostTries; tries++, row++)
        {
            statement.Bind(1, row).Run();
            if (database.Changes() == 1)
            {
                return row;
            }

            if (RowOf(database, id) is not null)
            {
                return null;
            }
        }

        throw new InvalidOperationException($"More than {MostTries} events carry the moment {document.Micros}.");
    }

    public static long? RowOf(SqliteDatabase database, ReadOnlySpan<byte> id)
    {
        var statement = database.Kept("SELECT row FROM event WHERE id = ?").Bind(1, id);
        long? row = statement.Step() ? statement.Long(0) : null;
        statement.Reset();
        return row;
    }

    /// <summary>Where the event lies in the ledger; null when none of that id is here.</summary>
    public static EventPlace? PlaceOf(SqliteDatabase database, EventId id)
    {
        using var rows = database.Prepare("SELECT partition, offset FROM event WHERE id = ?");
        rows.Bind(1, id.Value.ToByteArray(bigEndian: true));
        return rows.Step() && LedgerPartition.TryParse(rows.Text(0)!, out var partition) ? new(partition, rows.Long(1)) : null;
    }

    /// <summary>Indexes the event's text under its row.</summary>
    public void Index(SqliteDatabase database, long row, SearchDocument document)
    {
        var day = DayOf(row);
        if (_slices.Add(day) && !Exists(database, day))
        {
            database.Execute(Schema.Slice(day));
        }

        database.Kept($"INSERT INTO {Schema.SliceName(day)}(rowid, t) VALUES(?, ?)").Bind(1, row).Bind(2, FieldTokens.Of(document, _text)).Run();
    }

    public void Forget() => _slices.Clear();

    private static bool Exists(SqliteDatabase database, long day)
    {
        var statement = database.Kept("SELECT 1 FROM slice WHERE day = ?").Bind(1, day);
        var exists = statement.Step();
        statement.Reset();
        return exists;
    }
}
