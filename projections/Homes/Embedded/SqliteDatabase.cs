using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>One connection. Statements are SQLite's own, so that a row costs its columns and no more. Not thread safe but for <see cref="Interrupt"/>.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const int BusyMilliseconds = 10_000;
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    private SqliteDatabase(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file to write it, or to read it while another connection writes.</summary>
    public static SqliteDatabase Open(string path, bool write)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = write ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ConnectionString);
        try
        {
            connection.Open();
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        raw.sqlite3_busy_timeout(connection.Handle, BusyMilliseconds);
        var database = new SqliteDatabase(connection);

        // NORMAL suffices: position and effect are one transaction, so what a crash of the machine takes back is replayed from the log.
        database.Execute(write
            ? "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-131072; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864"
            : "PRAGMA query_only=1; PRAGMA cache_size=-16384; PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY");
        return database;
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(_connection.Handle, sql));

    /// <summary>Does the work in one transaction: all of it, or nothing.</summary>
    public async ValueTask TransactAsync(Func<ValueTask> work)
    {
        Execute("BEGIN IMMEDIATE");
        try
        {
            await work();
            Execute("COMMIT");
        }
        catch
        {
            // A full disk, among others, has rolled it back already. What failed is to be told, not what the rolling back comes to.
            _ = raw.sqlite3_exec(_connection.Handle, "ROLLBACK");
            throw;
        }
    }

    /// <summary>A statement that is prepared once and kept. Whoever takes it resets it.</summary>
    public SqliteStatement Kept(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = Prepare(sql);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The statement that is returned owns it.")]
    public SqliteStatement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_connection.Handle, sql, out var statement));
        return new(this, statement);
    }

    /// <summary>Rows that the last statement changed.</summary>
    public int Changes() => raw.sqlite3_changes(_connection.Handle);

    /// <summary>Makes the running statement fail. From any thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_connection.Handle);

    public void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            SqliteException.ThrowExceptionForRC(code, _connection.Handle);
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }
}
