using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Testing.Search;

namespace McpLedger.Projections.Tests.Search.Elastic;

public sealed class ElasticHandlerTests(SearchServers servers)
{
    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task An_event_is_found_by_its_id_at_once_and_by_its_words_within_the_refresh(SearchEngine engine)
    {
        var (given, ledger) = (new Given(51), new MemoryLedger());
        await using var rig = await RigAsync(engine, ledger);
        var id = EventId.New(new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Given.Start));
        ledger.Append(id, Given.Start, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "needle"));

        var next = await rig.Handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None);
        await rig.Handler.HandleAsync(new(LedgerPartition.Calls, ledger.Of(LedgerPartition.Calls), 1), CancellationToken.None);

        Assert.Equal(0, next);
        Assert.Equal("read_file", (await rig.Index.FindAsync(id.ToString(), CancellationToken.None))!.Name);
        using var home = new TemporaryHome();
        while ((await ElasticRig.AllAsync(rig.Queries(home), "needle")).Count == 0)
        {
            await Task.Delay(50);
        }
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Records_that_come_again_make_no_second_document_and_the_position_is_kept(SearchEngine engine)
    {
        var ledger = new Given(52).Ledger(80);
        await using var rig = await RigAsync(engine, ledger);
        await rig.IndexAsync();
        var calls = ledger.Of(LedgerPartition.Calls);

        await rig.Handler.HandleAsync(new(LedgerPartition.Calls, [.. calls.Skip(5)], calls.Count), CancellationToken.None);

        Assert.Equal(calls.Count + ledger.Of(LedgerPartition.Control).Count, await rig.CountAsync());
        await using var other = new ElasticRig(rig.Options, ledger);
        Assert.Equal(calls.Count, await other.Handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None));
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task What_the_engine_refuses_is_parked_with_its_reason_and_the_rest_goes_on(SearchEngine engine)
    {
        var (given, ledger) = (new Given(53), new MemoryLedger());
        for (var i = 0; i < 30; i++)
        {
            given.Append(ledger, given.Completed(given.NewId(), "alice", "files", "read_file", "s-1", "x", CallOutcome.Ok, i == 11 ? 77_777 : 5));
        }

        await using var rig = await RigAsync(engine, ledger);
        var generation = await rig.State.EnsureAsync(CancellationToken.None);

        // An index in which one of the durations is no value of its field.
        var index = rig.State.Names.IndexOf(generation, Contracts.Search.QueryValues.Micros(Given.Start));
        var made = await rig.Client.PutAsync(index, Encoding.UTF8.GetBytes("""{"mappings":{"properties":{"duration":{"type":"short"}}}}"""), CancellationToken.None);
        Assert.True(made.Succeeded, made.Reason());
        using var stop = new CancellationTokenSource();
        using var consumer = rig.Consumer(LedgerPartition.Calls);
        var running = consumer.RunAsync(stop.Token);
        while (consumer.State is not { Handled: 29, Parked: 1 })
        {
            await Task.Delay(20);
        }

        await stop.CancelAsync();
        await running;
        var parked = Assert.Single(await rig.Admin.ParkedAsync(CancellationToken.None));
        Assert.Equal(11, parked.Offset);
        Assert.Contains("duration", parked.Reason, StringComparison.Ordinal);
        Assert.Equal(29, await rig.CountAsync());
        Assert.Equal(30, await rig.Handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None));
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task While_the_engine_takes_no_writes_nothing_is_parked_and_afterwards_nothing_is_missing(SearchEngine engine)
    {
        var (given, ledger) = (new Given(54), new MemoryLedger());
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        await using var rig = await RigAsync(engine, ledger);
        await rig.IndexAsync();
        var index = (await rig.State.IndicesAsync(CancellationToken.None)).Single().Name;

        // What an engine does by itself when its disk passes the flood stage.
        await Block("true");
        for (var i = 0; i < 10; i++)
        {
            given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        }

        using var stop = new CancellationTokenSource();
        using var consumer = rig.Consumer(LedgerPartition.Calls);
        var running = consumer.RunAsync(stop.Token);
        while (consumer.State.Trouble is null)
        {
            await Task.Delay(20);
        }

        Assert.Contains("block", consumer.State.Trouble, StringComparison.Ordinal);
        await Block("null");
        while (consumer.State.Handled < 10)
        {
            await Task.Delay(20);
        }

        await stop.CancelAsync();
        await running;
        Assert.Equal(0, consumer.State.Parked);
        Assert.Equal(11, await rig.CountAsync());

        async Task Block(string value) => Assert.True((await rig.Client.PutAsync(
            $"{index}/_settings", Encoding.UTF8.GetBytes($$"""{"index.blocks.read_only_allow_delete":{{value}}}"""), CancellationToken.None)).Succeeded);
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task An_index_deleted_under_us_comes_back_with_its_mapping_and_whole_by_reindexing(SearchEngine engine)
    {
        var ledger = new Given(55).Ledger(300);
        await using var rig = await RigAsync(engine, ledger);
        using var home = new TemporaryHome();
        await home.FoldAsync(ledger);
        await rig.IndexAsync();
        var all = await rig.CountAsync();
        await rig.State.DeleteAsync([(await rig.State.IndicesAsync(CancellationToken.None))[0].Name], CancellationToken.None);
        var given = new Given(56);
        for (var i = 0; i < 5; i++)
        {
            given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "later"));
        }

        await rig.IndexAsync();
        Assert.InRange(await rig.CountAsync(), 5, all + 4);

        var same = rig.Admin.ReindexAsync(CancellationToken.None).AsTask();
        var report = await rig.Admin.ReindexAsync(CancellationToken.None);

        Assert.Equal(report, await same);
        Assert.Equal((2, all + 5, 0), (report.Generation, report.Events, report.Refused));
        Assert.Equal(all + 5, await rig.CountAsync());
        Assert.Equal(5, (await ElasticRig.AllAsync(rig.Queries(home), "later")).Count);
        Assert.All(await rig.State.IndicesAsync(CancellationToken.None), i => Assert.Equal(2, i.Generation));
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Where_everything_was_deleted_under_us_everything_is_indexed_again(SearchEngine engine)
    {
        var ledger = new Given(57).Ledger(200);
        await using var rig = await RigAsync(engine, ledger);
        await rig.IndexAsync();
        var all = await rig.CountAsync();
        await rig.State.DeleteAsync([.. (await rig.State.IndicesAsync(CancellationToken.None)).Select(i => i.Name), rig.State.Names.State], CancellationToken.None);

        // The consumer that runs on, one record later, sees that it stands on nothing.
        var calls = ledger.Of(LedgerPartition.Calls);
        await rig.Handler.HandleAsync(new(LedgerPartition.Calls, [calls[^1]], calls.Count), CancellationToken.None);
        await rig.IndexAsync();

        Assert.Equal(all, await rig.CountAsync());
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Reindexing_while_two_processes_index_and_search_loses_nothing_and_shows_nothing_twice(SearchEngine engine)
    {
        var (given, ledger) = (new Given(158), new Given(58).Ledger(400));
        await using var rig = await RigAsync(engine, ledger);
        using var home = new TemporaryHome();
        await using var other = new ElasticRig(rig.Options, ledger);
        await rig.IndexAsync();
        using var stop = new CancellationTokenSource();
        using var calls = rig.Consumer(LedgerPartition.Calls);
        using var control = other.Consumer(LedgerPartition.Control);
        var running = Task.WhenAll(calls.RunAsync(stop.Token), control.RunAsync(stop.Token), WriteAsync(), SearchAsync());

        var report = await rig.Admin.ReindexAsync(CancellationToken.None);
        await rig.Admin.ReindexAsync(CancellationToken.None);

        await stop.CancelAsync();
        await running;
        await rig.IndexAsync();
        Assert.Equal(2, report.Generation);
        Assert.Equal(ledger.Of(LedgerPartition.Calls).Count + ledger.Of(LedgerPartition.Control).Count, await rig.CountAsync());

        async Task WriteAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "meanwhile"));
                given.Append(ledger, new AccessGranted("auditor", "search", "meanwhile"));
                await Task.Delay(20);
            }
        }

        async Task SearchAsync()
        {
            var seen = 0;
            while (!stop.IsCancellationRequested)
            {
                var hits = await ElasticRig.AllAsync(rig.Queries(home), "verdict: refused and server: demo");
                Assert.Equal(hits.Count, hits.Select(h => h.Event).Distinct().Count());
                Assert.True(hits.Count >= seen, $"{seen} were found before, {hits.Count} now.");
                seen = hits.Count;
            }
        }
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Retention_deletes_whole_indices_and_what_comes_late_does_not_bring_them_back(SearchEngine engine)
    {
        var (given, ledger) = (new Given(59), new MemoryLedger());
        var age = TimeProvider.System.GetUtcNow() - Given.Start;
        given.Pass(age);
        foreach (var days in new[] { 0, -3, -3, 3 })
        {
            given.Pass(TimeSpan.FromDays(days));
            given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        }

        await using var rig = await RigAsync(engine, ledger);
        await rig.IndexAsync();
        Assert.Equal(4, await rig.CountAsync());
        await using var short_ = new ElasticRig(rig.Options with { Keep = TimeSpan.FromDays(4) }, ledger);

        var deleted = await short_.Retention.RunOnceAsync(CancellationToken.None);

        Assert.Single(deleted);
        Assert.Equal(3, await rig.CountAsync());
        await short_.Handler.HandleAsync(new(LedgerPartition.Calls, ledger.Of(LedgerPartition.Calls), 4), CancellationToken.None);
        Assert.Equal(3, await rig.CountAsync());
    }

    private async Task<ElasticRig> RigAsync(SearchEngine engine, MemoryLedger ledger) => new(ElasticRig.OptionsOf(await servers.AddressAsync(engine)), ledger);
}
