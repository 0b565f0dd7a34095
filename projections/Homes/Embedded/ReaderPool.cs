using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Connections that read one generation, at most so many at once. A reading that is cancelled or takes too long is interrupted.</summary>
internal sealed class ReaderPool(string path, TimeProvider time) : IDisposable
{
    private const int Most = 8;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private readonly ConcurrentBag<SqliteDatabase> _idle = [];

    [SuppressMessage("Reliability", "CA2213:Disposable fields should be disposed", Justification = "Readings under way give their places back after this; without a wait handle there is nothing to free.")]
    private readonly SemaphoreSlim _places = new(Most);

    private volatile bool _closed;

    /// <summary>Runs <paramref name="read"/> inside one transaction, so that all it reads is of one moment.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or it took longer than 20 seconds.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<SqliteDatabase, T> read, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        await _places.WaitAsync(either.Token);
        try
        {
            var database = _idle.TryTake(out var idle) ? idle : SqliteDatabase.Open(path, write: false);
            var whole = false;
            try
            {
                using var interrupt = either.Token.Register(static d => ((SqliteDatabase)d!).Interrupt(), database);
                database.Execute("BEGIN");
                var result = read(database);
                database.Execute("COMMIT");
                whole = true;
                return result;
            }
            catch (Microsoft.Data.Sqlite.SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
            {
                throw new OperationCanceledException("The reading was interrupted.", e, either.Token);
            }
            finally
            {
                Return(database, whole);
            }
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var idle))
        {
            idle.Dispose();
        }
    }

    // A connection whose reading failed may be in the middle of anything.
    private void Return(SqliteDatabase database, bool whole)
    {
        if (whole && !_closed)
        {
            _idle.Add(database);
        }
        else
        {
            database.Dispose();
        }
    }
}
