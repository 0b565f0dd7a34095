using System.Buffers;
using System.Text;
using SQLitePCL;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>A prepared statement, bound by position from 1 and read by position from 0. Text may hold any character, NUL included.</summary>
internal sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt statement) : IDisposable
{
    public SqliteStatement Bind(int position, long value)
    {
        database.Check(raw.sqlite3_bind_int64(statement, position, value));
        return this;
    }

    public SqliteStatement Bind(int position, long? value)
    {
        database.Check(value is { } number ? raw.sqlite3_bind_int64(statement, position, number) : raw.sqlite3_bind_null(statement, position));
        return this;
    }

    public SqliteStatement Bind(int position, string? value)
    {
        if (value is null)
        {
            database.Check(raw.sqlite3_bind_null(statement, position));
            return this;
        }

        var utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        var length = Encoding.UTF8.GetBytes(value, utf8);
        database.Check(raw.sqlite3_bind_text(statement, position, utf8.AsSpan(0, length)));
        ArrayPool<byte>.Shared.Return(utf8);
        return this;
    }

    public SqliteStatement Bind(int position, ReadOnlySpan<byte> value)
    {
        database.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, position, 0) : raw.sqlite3_bind_blob(statement, position, value));
        return this;
    }

    /// <summary>Binds UTF-8 bytes as text.</summary>
    public SqliteStatement BindText(int position, ReadOnlySpan<byte> utf8)
    {
        database.Check(raw.sqlite3_bind_text(statement, position, utf8));
        return this;
    }

    /// <summary>Binds a text, a number or nothing.</summary>
    public SqliteStatement BindAny(int position, object? value) => value switch
    {
        null => Bind(position, (string?)null),
        string text => Bind(position, text),
        long number => Bind(position, number),
        _ => throw new InvalidOperationException($"{value.GetType()} is no column type."),
    };

    /// <summary>Moves to the next row.</summary>
    /// <returns>False at the end.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            // One that failed takes no values until it is reset, and a statement that is kept is asked again.
            Reset();
            database.Check(code);
        }

        return code == raw.SQLITE_ROW;
    }

    /// <summary>Runs a statement that gives no rows, and makes it ready to run again.</summary>
    public void Run()
    {
        var code = raw.sqlite3_step(statement);
        var ended = raw.sqlite3_reset(statement);
        database.Check(code);
        database.Check(ended);
    }

    public void Reset() => raw.sqlite3_reset(statement);

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public long? LongOrNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(statement, column);

    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public string? Text(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL ? null : Encoding.UTF8.GetString(Bytes(column));

    public void Dispose() => statement.Dispose();
}
