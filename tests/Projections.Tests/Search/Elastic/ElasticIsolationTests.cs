using McpLedger.Contracts.Events;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Projections.Tests.Search.Elastic;

public sealed class ElasticIsolationTests
{
    [Fact]
    public async Task A_batch_of_which_one_was_refused_is_sent_once_and_its_other_records_are_not_sent_again()
    {
        var (given, ledger) = (new Given(71), new MemoryLedger());
        for (var i = 0; i < 5; i++)
        {
            given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        }

        await using var server = await StandIn.StartAsync(static request => request switch
        {
            { Method: "GET", Path: "/t-state/_doc/current" } =>
                (200, $$$"""{"_seq_no":1,"_primary_term":1,"_source":{"generation":1,"span":"day","incarnation":"x","mapping":{{{ElasticMapping.Version}}}}}"""),
            { Method: "GET", Path: "/_cat/indices/t-*?format=json&h=index&expand_wildcards=all" } => (200, "[]"),
            { Method: "GET" } => (404, "{}"),
            { Method: "POST", Path: "/" + BulkAnswer.Path } => (200, """
                {"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"no value"}}},
                {"create":{"status":201}},{"create":{"status":201}},{"create":{"status":201}}]}
                """),
            _ => (200, "{}"),
        });
        await using var rig = new ElasticRig(new() { Nodes = [server.Address], Prefix = "t", Retries = 0 }, ledger);
        using var stop = new CancellationTokenSource();
        using var consumer = rig.Consumer(LedgerPartition.Calls);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var running = consumer.RunAsync(stop.Token);
        while (consumer.State is not { Handled: 4, Parked: 1 })
        {
            await Task.Delay(20, patience.Token);
        }

        await stop.CancelAsync();
        await running;
        Assert.Single(server.Requests, r => r.Path == "/" + BulkAnswer.Path);
    }
}
