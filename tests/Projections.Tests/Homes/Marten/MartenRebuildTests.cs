using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Projections.Sessions;
using McpLedger.Testing.Postgres;

namespace McpLedger.Projections.Tests.Homes.Marten;

public sealed class MartenRebuildTests(PostgresServer server)
{
    [Fact]
    public async Task A_rebuild_after_retention_counts_what_is_forgotten_and_holds_what_is_kept_to_the_ledger()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(301).Ledger(300);
        await FoldAsync(home, ledger);
        ledger.DropBefore(LedgerPartition.Calls, 10);

        var report = await RebuildAsync(home, ledger);

        Assert.Equal((true, 10), (report.Identical, report.Forgotten));
        Assert.NotEmpty(report.Differences);
        Assert.Equal((true, 0), (await RebuildAsync(home, ledger)) is var again ? (again.Identical, again.Forgotten) : default);
    }

    [Theory]
    [InlineData("UPDATE mcpledger_blue.mt_events SET bdata = set_byte(bdata, length(bdata) / 2, 35) WHERE seq_id = 200")]
    [InlineData("DELETE FROM mcpledger_blue.mt_events WHERE seq_id = 200")]
    [InlineData("UPDATE mcpledger_blue.mt_events SET id = gen_random_uuid() WHERE seq_id = 200")]
    public async Task A_kept_event_that_was_tampered_with_is_told_from_forgetting(string tampering)
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(302).Ledger(300);
        await FoldAsync(home, ledger);
        ledger.DropBefore(LedgerPartition.Calls, 10);
        Assert.Equal(1, await home.CountAsync($"WITH changed AS ({tampering} RETURNING 1) SELECT count(*) FROM changed"));

        var report = await RebuildAsync(home, ledger);

        Assert.Equal((false, 10), (report.Identical, report.Forgotten));
        Assert.Contains("events", report.Differences);
        Assert.True((await RebuildAsync(home, ledger)).Identical);
    }

    [Fact]
    public async Task A_stored_event_that_no_view_shows_is_compared_too()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(303).Ledger(100);
        await FoldAsync(home, ledger);
        await home.CountAsync("WITH changed AS (UPDATE mcpledger_blue.mt_events SET bdata = bdata || '\\x20' WHERE seq_id = 50 RETURNING 1) SELECT count(*) FROM changed");

        var report = await RebuildAsync(home, ledger);

        Assert.Equal((false, 0), (report.Identical, report.Forgotten));
        Assert.Equal(["events"], report.Differences);
    }

    [Fact]
    public async Task A_view_that_cannot_be_read_is_said_with_the_way_to_mend_it_and_a_rebuild_mends_it()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var (given, ledger) = (new Given(304), new Given(304).Ledger(200));
        await FoldAsync(home, ledger);
        await home.CountAsync("WITH changed AS (UPDATE mcpledger_blue.mt_doc_sessions SET data = data - 'principal' WHERE id = 's-1' RETURNING 1) SELECT count(*) FROM changed");

        var unread = await Assert.ThrowsAnyAsync<IOException>(async () => await home.Views.FindAsync(SessionFold.Fold, "s-1", CancellationToken.None));
        Assert.Contains("mcpledger rebuild", unread.Message, StringComparison.Ordinal);

        // It is no fault of the record that touches it: that one is neither parked nor passed over.
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        var record = ledger.Of(LedgerPartition.Calls)[^1];
        var unfolded = await Assert.ThrowsAnyAsync<IOException>(async () => await home.Writer.ApplyAsync(null, LedgerPartition.Calls, [record], record.Offset + 1, CancellationToken.None));
        Assert.Contains("mcpledger rebuild", unfolded.Message, StringComparison.Ordinal);

        Assert.Equal(["sessions"], (await RebuildAsync(home, ledger)).Differences);
        await home.Writer.ApplyAsync(null, LedgerPartition.Calls, [record], record.Offset + 1, CancellationToken.None);
        await home.CatchUpAsync();
        Assert.True((await RebuildAsync(home, ledger)).Identical);
    }

    private static async Task FoldAsync(TemporaryMarten home, MemoryLedger ledger)
    {
        await home.FoldAsync(ledger);
        await home.CatchUpAsync();
    }

    private static async Task<RebuildReport> RebuildAsync(TemporaryMarten home, MemoryLedger ledger)
    {
        await home.CatchUpAsync();
        return await MartenRebuild.RunAsync(home.Stores, ledger, TimeProvider.System, CancellationToken.None);
    }
}
