using McpLedger.Projections.Homes.Embedded;
using McpLedger.Testing.Ledgers;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace McpLedger.Projections.Tests.Homes.Embedded;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_is_named_although_SQLite_has_rolled_back_by_itself()
    {
        using var database = SqliteDatabase.Open(Path.Combine(_folder.Path, "full.sqlite"), write: true);
        database.Execute("CREATE TABLE t(doc BLOB); PRAGMA max_page_count=4");

        var fault = await Assert.ThrowsAsync<SqliteException>(async () => await database.TransactAsync(() => Insert(database)));

        Assert.Equal(raw.SQLITE_FULL, fault.SqliteErrorCode);
        database.Execute("PRAGMA max_page_count=10000");
        await database.TransactAsync(() => Insert(database));
        using var count = database.Prepare("SELECT count(*) FROM t");
        Assert.True(count.Step());
        Assert.Equal(1, count.Long(0));
    }

    [Fact]
    public void A_statement_that_is_kept_can_be_bound_again_after_a_step_of_it_failed()
    {
        using var database = SqliteDatabase.Open(Path.Combine(_folder.Path, "step.sqlite"), write: true);
        const string Sql = "SELECT abs(?)";
        Assert.Throws<SqliteException>(() => database.Kept(Sql).Bind(1, long.MinValue).Step());

        var again = database.Kept(Sql).Bind(1, -7L);

        Assert.True(again.Step());
        Assert.Equal(7, again.Long(0));
        again.Reset();
    }

    private static ValueTask Insert(SqliteDatabase database)
    {
        database.Execute("INSERT INTO t VALUES(zeroblob(1000000))");
        return default;
    }
}
