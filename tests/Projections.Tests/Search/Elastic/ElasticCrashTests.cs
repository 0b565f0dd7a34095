using McpLedger.Contracts.Events;
using McpLedger.Testing.Search;

namespace McpLedger.Projections.Tests.Search.Elastic;

public sealed class ElasticCrashTests
{
    [Fact]
    public async Task An_engine_killed_while_it_indexes_and_started_again_has_every_event_once()
    {
        Assert.SkipWhen(LocalSearch.Program(SearchEngine.OpenSearch) is null, "No folder shared/servers/opensearch lies beside the checkout, and another's engine is not killed.");
        await using var server = await LocalSearch.StartAsync(SearchEngine.OpenSearch, password: null);
        var ledger = new Given(71).Ledger(12_000);
        await using var rig = new ElasticRig(ElasticRig.OptionsOf(server.Address) with { MaxBatchBytes = 200_000, MaxRequestBytes = 50_000, Retries = 0 }, ledger);
        using var stop = new CancellationTokenSource();
        using var calls = rig.Consumer(LedgerPartition.Calls);
        using var control = rig.Consumer(LedgerPartition.Control);
        var running = Task.WhenAll(calls.RunAsync(stop.Token), control.RunAsync(stop.Token));
        foreach (var part in new[] { 0.2, 0.5 })
        {
            while (calls.State.Handled < part * ledger.Of(LedgerPartition.Calls).Count)
            {
                await Task.Delay(5);
            }

            await server.KillAsync();
            await server.StartAsync();
        }

        while (calls.State.Handled < ledger.Of(LedgerPartition.Calls).Count || control.State.Handled < ledger.Of(LedgerPartition.Control).Count)
        {
            await Task.Delay(20);
        }

        await stop.CancelAsync();
        await running;
        Assert.Equal((0, 0), (calls.State.Parked, control.State.Parked));
        var ids = ledger.Partitions.SelectMany(ledger.Of).Select(r => EventReader.TryReadChain(r.Bytes.Span, out _, out var id) ? id.Value : throw new InvalidOperationException()).ToArray();
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([.. ids.Select(i => i.ToByteArray(bigEndian: true)).OrderBy(b => Convert.ToHexString(b), StringComparer.Ordinal).SelectMany(b => b)]));
        Assert.Equal((ids.LongLength, expected), await rig.Admin.DigestAsync(CancellationToken.None));
    }
}
