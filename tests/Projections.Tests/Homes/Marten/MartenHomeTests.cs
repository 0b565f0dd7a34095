using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Testing.Postgres;

namespace McpLedger.Projections.Tests.Homes.Marten;

public sealed class MartenHomeTests(PostgresServer server)
{
    [Fact]
    public async Task A_database_without_the_tables_is_said_with_the_way_to_make_them()
    {
        var (connection, reason) = await server.NewDatabaseAsync();
        Assert.SkipWhen(connection is null, reason ?? "");
        var options = new MartenHomeOptions { ConnectionString = connection };
        await using var schema = new MartenSchema(options);
        await using var stores = new MartenStores(options);

        Assert.Contains("mcpledger schema apply", (await schema.CheckAsync(CancellationToken.None))!.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<IOException>(async () => await new MartenWriter(stores).NextOfAsync(LedgerPartition.Calls, CancellationToken.None));
        Assert.Contains("mcpledger schema apply", refused.Message, StringComparison.Ordinal);
        var sql = await schema.DiffAsync(CancellationToken.None);
        Assert.Contains("CREATE TABLE", sql, StringComparison.OrdinalIgnoreCase);

        Assert.True(await schema.ApplyAsync(CancellationToken.None));
        Assert.Equal("", await schema.DiffAsync(CancellationToken.None));
        Assert.False(await schema.ApplyAsync(CancellationToken.None));
        Assert.Null(await schema.CheckAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_batch_with_a_record_that_cannot_be_folded_leaves_nothing_behind()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(5).Ledger(100);
        await home.FoldAsync(ledger);
        var before = await home.DigestAsync();
        var given = new Given(6);
        given.Append(ledger, given.Refused(given.NewId(), "eve", "files", "read_file", "s-9", "x"));
        ledger.AppendBytes(LedgerPartition.Calls, "{\"no\":\"event\"}"u8.ToArray());
        var records = ledger.Of(LedgerPartition.Calls).TakeLast(2).ToArray();

        await Assert.ThrowsAsync<InvalidDataException>(async () => await home.Writer.ApplyAsync(null, LedgerPartition.Calls, records, 99_999, CancellationToken.None));

        Assert.Equal(before.Whole, (await home.DigestAsync()).Whole);
        Assert.NotEqual(99_999, await home.Writer.NextOfAsync(LedgerPartition.Calls, CancellationToken.None));
    }

    [Fact]
    public async Task Records_that_come_twice_count_once_and_move_no_position_back()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(4).Ledger(300);
        await home.FoldAsync(ledger);
        await home.CatchUpAsync();
        var before = await home.DigestAsync();
        var records = ledger.Of(LedgerPartition.Calls);

        var again = await home.Writer.ApplyAsync(null, LedgerPartition.Calls, records, 7, CancellationToken.None);
        await home.CatchUpAsync();

        Assert.Equal((0, records.Count), (again.Folded, again.Repeated));
        Assert.Equal(before.Whole, (await home.DigestAsync()).Whole);
        Assert.Equal(records.Count, await home.Writer.NextOfAsync(LedgerPartition.Calls, CancellationToken.None));
    }

    [Fact]
    public async Task Partitions_are_folded_beside_one_another()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        using var embedded = new TemporaryHome();
        var ledger = new Given(7).Ledger(2_000);
        await embedded.FoldAsync(ledger);

        // As if the log had eight partitions, each with its share of the sessions.
        var shares = ledger.Of(LedgerPartition.Calls).Concat(ledger.Of(LedgerPartition.Control)).GroupBy(r => PartitionOf(r));
        await Task.WhenAll(shares.Select(async share =>
        {
            foreach (var batch in share.Chunk(100))
            {
                await home.Writer.ApplyAsync(null, share.Key, batch, batch[^1].Offset + 1, CancellationToken.None);
            }
        }));
        await home.CatchUpAsync();

        Assert.Empty(TemporaryMarten.Differences(await home.DigestAsync(), embedded.Home.Writer!.Digest()));
    }

    [Fact]
    public async Task A_rebuild_gives_identical_views_while_batches_go_on()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(8).Ledger(1_500);
        ledger.AppendBytes(LedgerPartition.Calls, "garbage"u8.ToArray());
        var last = ledger.Of(LedgerPartition.Calls).Count;
        await TwoHomesTests.FoldAsync(ledger, 9, (p, records, next) => home.Writer.ApplyAsync(null, p, records, next, CancellationToken.None).AsTask());
        await home.CatchUpAsync();
        using var stop = new CancellationTokenSource();
        await using var daemon = await MartenDaemon.StartAsync(home.Stores, Side.Blue);
        var (given, going) = (new Given(10), Task.CompletedTask);
        going = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                given.Append(ledger, given.Refused(given.NewId(), "eve", "files", "read_file", "s-9", "x"));
                var record = ledger.Of(LedgerPartition.Calls)[^1];
                await ApplyAsync(home, record);
            }
        });

        var report = await MartenRebuild.RunAsync(home.Stores, ledger, TimeProvider.System, CancellationToken.None);
        await stop.CancelAsync();
        await going;

        Assert.True(report.Identical, string.Join(", ", report.Differences));
        Assert.Equal(1, report.Unfoldable);
        Assert.True(report.Events >= last);
        Assert.Equal(Side.Green, await home.Stores.ActiveAsync(CancellationToken.None));
        Assert.Equal(ledger.Of(LedgerPartition.Calls).Count, await home.Writer.NextOfAsync(LedgerPartition.Calls, CancellationToken.None));
    }

    [Fact]
    public async Task A_view_that_was_tampered_with_is_named_by_a_rebuild_and_replaced()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(2).Ledger(200);
        await home.FoldAsync(ledger);
        await home.CatchUpAsync();
        await home.CountAsync("WITH changed AS (UPDATE mcpledger_blue.mt_doc_sessions SET data = jsonb_set(data, '{principal}', '\"mallory\"') RETURNING 1) SELECT count(*) FROM changed");

        Assert.Equal(["sessions"], (await MartenRebuild.RunAsync(home.Stores, ledger, TimeProvider.System, CancellationToken.None)).Differences);
        await home.CatchUpAsync();
        Assert.True((await MartenRebuild.RunAsync(home.Stores, ledger, TimeProvider.System, CancellationToken.None)).Identical);
    }

    [Fact]
    public async Task Rows_of_another_version_are_built_anew_and_that_is_no_finding()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var ledger = new Given(2).Ledger(200);
        await home.FoldAsync(ledger);
        await home.CatchUpAsync();
        await home.CountAsync("WITH changed AS (UPDATE mcpledger_blue.mt_doc_sessions SET data = jsonb_set(data, '{principal}', '\"as it was written then\"') RETURNING 1) SELECT count(*) FROM changed");
        await home.CountAsync("WITH changed AS (UPDATE mcpledger.home SET version = version - 1 RETURNING 1) SELECT count(*) FROM changed");

        var upgraded = await MartenRebuild.RunAsync(home.Stores, ledger, TimeProvider.System, CancellationToken.None);

        Assert.Equal((true, ViewsVersion.Now - 1), (upgraded.Identical, upgraded.OfVersion));
        await home.CatchUpAsync();
        Assert.Null((await MartenRebuild.RunAsync(home.Stores, ledger, TimeProvider.System, CancellationToken.None)).OfVersion);
    }

    // A batch that met the switch to the other side is tried again, as the consumer does.
    private static async Task ApplyAsync(TemporaryMarten home, LedgerRecord record)
    {
        while (true)
        {
            try
            {
                await home.Writer.ApplyAsync(null, LedgerPartition.Calls, [record], record.Offset + 1, CancellationToken.None);
                return;
            }
            catch (IOException)
            {
                await Task.Yield();
            }
        }
    }

    private static LedgerPartition PartitionOf(LedgerRecord record)
    {
        Assert.True(EventReader.TryRead(record.Bytes.Span, out var read, out _));
        var session = Traffic.Of(read!.Data)?.Where.Session.Id;
        return session is null ? record.Partition : new(LedgerLog.Calls, Streaming.PartitionChoice.Of(LedgerLog.Calls, session, 8).Number);
    }
}
