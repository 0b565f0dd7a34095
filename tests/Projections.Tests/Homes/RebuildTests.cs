using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Tests.Homes;

public sealed class RebuildTests
{
    [Fact]
    public async Task A_rebuild_gives_identical_rows()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(1).Ledger(1_500);
        await home.FoldAsync(ledger);

        var report = await home.RebuildAsync(ledger);

        Assert.True(report.Identical, string.Join(", ", report.Differences));
        Assert.Equal(ledger.Of(LedgerPartition.Calls).Count + ledger.Of(LedgerPartition.Control).Count, report.Events);
    }

    [Fact]
    public async Task A_row_that_was_tampered_with_is_named_and_replaced()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(2).Ledger(200);
        await home.FoldAsync(ledger);
        using (var other = SqliteDatabase.Open(home.Home.Writer!.Path, write: true))
        {
            other.Execute("UPDATE principals SET doc = replace(doc, 'alice', 'mallory')");
        }

        var report = await home.RebuildAsync(ledger);

        Assert.False(report.Identical);
        Assert.Equal(["principals"], report.Differences);
        var again = await home.RebuildAsync(ledger);
        Assert.True(again.Identical);
    }

    [Fact]
    public async Task Rows_do_not_depend_on_how_partitions_and_batches_fall()
    {
        using var one = new TemporaryHome();
        using var other = new TemporaryHome();
        var ledger = new Given(3).Ledger(800);
        await one.FoldAsync(ledger);
        await other.FoldAsync(ledger, LedgerPartition.Control, 3_000);
        await other.FoldAsync(ledger, LedgerPartition.Calls, 700_000);

        Assert.Empty(one.Home.Writer!.Digest().DifferencesTo(other.Home.Writer!.Digest()));
    }

    [Fact]
    public async Task Records_that_come_twice_count_once()
    {
        using var once = new TemporaryHome();
        using var twice = new TemporaryHome();
        var ledger = new Given(4).Ledger(300);
        await once.FoldAsync(ledger);
        await twice.FoldAsync(ledger);
        var again = await twice.Home.Writer!.ApplyAsync(LedgerPartition.Calls, ledger.Of(LedgerPartition.Calls), null, ledger, CancellationToken.None);

        Assert.Equal(ledger.Of(LedgerPartition.Calls).Count, again.Repeated);
        Assert.Equal(once.Home.Writer!.Digest().Whole, twice.Home.Writer.Digest().Whole);
    }

    [Fact]
    public async Task A_batch_with_a_record_that_cannot_be_folded_leaves_nothing_behind()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(5).Ledger(100);
        await home.FoldAsync(ledger);
        var before = home.Home.Writer!.Digest();
        var given = new Given(6);
        given.Append(ledger, given.Refused(given.NewId(), "eve", "files", "read_file", "s-9", "x"));
        ledger.AppendBytes(LedgerPartition.Calls, "{\"no\":\"event\"}"u8.ToArray());
        var records = ledger.Of(LedgerPartition.Calls).TakeLast(2).ToArray();

        await Assert.ThrowsAsync<InvalidDataException>(async () => await home.Home.Writer.ApplyAsync(LedgerPartition.Calls, records, 99, ledger, CancellationToken.None));

        Assert.Equal(before.Whole, home.Home.Writer.Digest().Whole);
        Assert.NotEqual(99, home.Home.Writer.NextOf(LedgerPartition.Calls));
    }

    [Fact]
    public async Task A_rebuild_skips_what_the_consumer_parked()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(7).Ledger(50);
        ledger.AppendBytes(LedgerPartition.Calls, "garbage"u8.ToArray());
        var given = new Given(8);
        given.Append(ledger, given.Refused(given.NewId(), "eve", "files", "read_file", "s-9", "x"));
        var report = await FoldParking(home, ledger);

        Assert.True(report.Identical, string.Join(", ", report.Differences));
        Assert.Equal(1, report.Unfoldable);
    }

    [Fact]
    public async Task Read_models_of_another_version_are_built_anew()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(9).Ledger(50);
        await home.FoldAsync(ledger);
        home.Home.Dispose();
        var path = Path.Combine(home.Folder, File.ReadAllText(Path.Combine(home.Folder, "CURRENT")));
        using (var other = SqliteDatabase.Open(path, write: true))
        {
            other.Execute("UPDATE meta SET value = '0'");
        }

        Assert.False(ProjectionHome.TryOpenReadOnly(home.Folder, home.Time, out _));
        using var opened = ProjectionHome.Open(home.Folder, home.Time);

        Assert.Equal(0, opened.Writer!.NextOf(LedgerPartition.Calls));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task What_retention_dropped_is_forgotten_and_a_rebuild_after_that_gives_identical_rows()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(10).Ledger(900);
        await home.FoldAsync(ledger);
        using var handler = home.Handler(ledger);
        var calls = ledger.Of(LedgerPartition.Calls).Count;
        ledger.DropBefore(LedgerPartition.Calls, calls / 20);
        Assert.Equal(0, await handler.ForgetDroppedAsync(CancellationToken.None));

        ledger.DropBefore(LedgerPartition.Calls, calls / 2);
        Assert.Equal(calls / 2, await handler.ForgetDroppedAsync(CancellationToken.None));

        Assert.Equal(0, await handler.ForgetDroppedAsync(CancellationToken.None));
        var report = await handler.RebuildAsync(CancellationToken.None);
        Assert.Equal((true, 0L, report.Before), (report.Identical, report.Forgotten, report.After));
        using var fresh = new TemporaryHome();
        await fresh.FoldFromAsync(ledger, calls / 2);
        Assert.Empty(home.Home.Writer!.Digest().DifferencesTo(fresh.Home.Writer!.Digest()));
    }

    [Fact]
    public async Task An_event_with_an_old_clock_keeps_nothing_from_being_forgotten()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(15), new MemoryLedger());
        for (var i = 0; i < 100; i++)
        {
            given.Pass(TimeSpan.FromSeconds(1));
            given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        }

        ledger.Append(given.NewId(), new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        await home.FoldAsync(ledger);
        using var handler = home.Handler(ledger);
        ledger.DropBefore(LedgerPartition.Calls, 90);

        Assert.Equal(90, await handler.ForgetDroppedAsync(CancellationToken.None));
        Assert.Equal(0, await handler.ForgetDroppedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_rebuild_that_forgets_still_names_a_kept_row_that_differs()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(11).Ledger(300);
        await home.FoldAsync(ledger);
        ledger.DropBefore(LedgerPartition.Calls, 10);
        var forgetting = await home.RebuildAsync(ledger);
        Assert.Equal((true, 10L), (forgetting.Identical, forgetting.Forgotten));

        ledger.DropBefore(LedgerPartition.Calls, 20);
        using (var other = SqliteDatabase.Open(home.Home.Writer!.Path, write: true))
        {
            other.Execute("UPDATE event SET principal = 'mallory' WHERE partition = 'calls-0' AND offset = 200");
        }

        Assert.False((await home.RebuildAsync(ledger)).Identical);
    }

    [Fact]
    public async Task A_rebuild_of_what_was_lost_folds_the_log_to_its_end_and_parks_what_no_consumer_met()
    {
        using var home = new TemporaryHome();
        using var whole = new TemporaryHome();
        var ledger = new Given(12).Ledger(300);
        await whole.FoldAsync(ledger);
        ledger.AppendBytes(LedgerPartition.Calls, "garbage"u8.ToArray());

        var report = await home.RebuildAsync(ledger);

        Assert.Equal((true, 1L, report.Events), (report.Identical, report.Unfoldable, report.Added));
        Assert.Equal(ledger.Partitions.Sum(p => ledger.Of(p).Count) - 1, report.Events);
        Assert.Empty(home.Home.Writer!.Digest().DifferencesTo(whole.Home.Writer!.Digest()));
        var parked = Assert.Single(await home.Parking.ListAsync(CancellationToken.None));
        Assert.Equal(ledger.Of(LedgerPartition.Calls).Count - 1, parked.Offset);
    }

    [Fact]
    public async Task Read_models_ahead_of_a_restored_log_are_rebuilt_to_where_it_ends()
    {
        using var home = new TemporaryHome();
        var (ledger, restored) = (new Given(13).Ledger(200), new MemoryLedger());
        await home.FoldAsync(ledger);
        foreach (var record in ledger.Of(LedgerPartition.Calls).Take(50))
        {
            restored.AppendBytes(LedgerPartition.Calls, record.Bytes.ToArray());
        }

        Assert.False((await home.RebuildAsync(restored)).Identical);

        Assert.Equal(50, home.Home.Writer!.NextOf(LedgerPartition.Calls));
        Assert.True((await home.RebuildAsync(restored)).Identical);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_that_cannot_be_read_are_a_difference_and_replaced(bool isRunning)
    {
        using var home = new TemporaryHome();
        var ledger = new Given(14).Ledger(300);
        await home.FoldAsync(ledger);
        var (sound, path) = (home.Home.Writer!.Digest(), home.Home.Writer.Path);
        home.Spoil();
        using var handler = home.Handler(ledger);

        var report = isRunning ? await handler.RebuildAsync(CancellationToken.None) : await home.RebuildAsync(ledger);

        Assert.False(report.Identical);
        Assert.NotEmpty(report.Differences);
        Assert.Empty(home.Home.Writer!.Digest().DifferencesTo(sound));
        Assert.False(File.Exists(path));
    }

    private static async Task<RebuildReport> FoldParking(TemporaryHome home, MemoryLedger ledger)
    {
        foreach (var record in ledger.Partitions.SelectMany(ledger.Of))
        {
            try
            {
                await home.Home.Writer!.ApplyAsync(record.Partition, [record], record.Offset + 1, ledger, CancellationToken.None);
            }
            catch (InvalidDataException)
            {
                await home.Home.Writer!.ApplyAsync(record.Partition, [], record.Offset + 1, ledger, CancellationToken.None);
            }
        }

        return await home.RebuildAsync(ledger);
    }
}
