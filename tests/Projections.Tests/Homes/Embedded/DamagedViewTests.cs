using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace McpLedger.Projections.Tests.Homes.Embedded;

public sealed class DamagedViewTests
{
    [Fact]
    public async Task A_damaged_view_is_trouble_with_a_way_out_and_no_fault_of_the_record_that_touches_it()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(71), new MemoryLedger());
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        await home.FoldAsync(ledger);
        using (var other = SqliteDatabase.Open(home.Home.Writer!.Path, write: true))
        {
            other.Execute("UPDATE principals SET doc = substr(doc, 2)");
        }

        home.Home.Dispose();
        using var opened = ProjectionHome.Open(home.Folder, home.Time);
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "y"));
        var record = ledger.Of(LedgerPartition.Calls)[1];

        var fault = await Assert.ThrowsAsync<SqliteException>(async () => await opened.Writer!.ApplyAsync(LedgerPartition.Calls, [record], 2, ledger, CancellationToken.None));

        Assert.Equal(raw.SQLITE_CORRUPT, fault.SqliteErrorCode);
        Assert.Contains("mcpledger rebuild", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, opened.Writer!.NextOf(LedgerPartition.Calls));
        var report = await ProjectionRebuild.RunAsync(opened, ledger, ledger, home.Parking, home.Time, CancellationToken.None);
        Assert.False(report.Identical);
        await opened.Writer!.ApplyAsync(LedgerPartition.Calls, [record], 2, ledger, CancellationToken.None);
    }
}
