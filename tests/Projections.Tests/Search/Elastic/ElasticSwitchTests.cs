using McpLedger.Contracts.Events;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Projections.Tests.Search.Elastic;

/// <summary>An engine that goes away while one generation takes the place of another.</summary>
public sealed class ElasticSwitchTests
{
    [Theory]
    [InlineData("PUT", "-g2", "\"aliases\"")]
    [InlineData("POST", "/_aliases", "\"add\"")]
    public async Task A_reindexing_that_breaks_off_behind_the_switch_is_ended_by_the_next_batch(string method, string path, string body)
    {
        var engine = new SmallEngine();
        await using var server = await StandIn.StartAsync(engine.Answer);
        var (given, ledger) = (new Given(61), new MemoryLedger());
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "before"));
        await using var rig = new ElasticRig(ElasticRig.OptionsOf(server.Address) with { Retries = 0 }, ledger);
        await rig.IndexAsync();
        var before = Assert.Single(engine.Aliased);
        engine.IsAway = asked => asked.Method == method && asked.Path.EndsWith(path, StringComparison.Ordinal) && asked.Body.Contains(body, StringComparison.Ordinal);

        var broken = await Assert.ThrowsAsync<ElasticException>(async () => await rig.Admin.ReindexAsync(CancellationToken.None));

        Assert.Contains("generation 2 is in force", broken.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, Assert.Single(engine.Aliased));
        engine.IsAway = static _ => false;
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "after"));
        await rig.Handler.HandleAsync(new(LedgerPartition.Calls, [ledger.Of(LedgerPartition.Calls)[1]], 2), CancellationToken.None);
        Assert.Contains("-g2-", Assert.Single(engine.Aliased), StringComparison.Ordinal);
    }
}
