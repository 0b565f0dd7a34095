using McpLedger.Benchmarks.Scaled;
using McpLedger.Contracts.Events;

namespace McpLedger.Benchmarks.Million;

/// <summary>Ends the writers in good order and holds what clients were answered, the log, the read models, the index and the seals against each other, by counts and by hash.</summary>
internal sealed class StageComparison(Topology topology, StoredViews stores, LoggedCalls log)
{
    private const int ShownFaults = 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task<bool> RunAsync(IReadOnlyList<long> answered, long lastId)
    {
        foreach (var gateway in topology.Gateways)
        {
            await gateway.StopAsync();
        }

        await FollowedAsync();
        await topology.Pipeline.StopAsync();
        await topology.Projections.StopAsync();
        await log.ReadOnAsync();
        var (views, index) = (await stores.ViewPositionsAsync(), await stores.IndexPositionsAsync());
        var (calls, ofSessions) = await stores.CountCallsAsync();
        var (code, output) = await topology.VerifyAsync();
        var parked = Directory.Exists(Path.Combine(topology.Projections.Data, "parked")) ? Directory.GetFiles(Path.Combine(topology.Projections.Data, "parked"), "*.record", SearchOption.AllDirectories).Length : 0;
        Console.WriteLine($"  answered {answered.Count} of {lastId - CallIds.First + 1} made; on record {log.Calls} calls of theirs in {log.Records} records, {log.Unresolved} without an outcome; read models list {calls} calls, their sessions {ofSessions}, parked {parked}");
        (string What, bool Holds)[] checks =
        [
            ("every answer has its two events", answered.All(id => log.Fault(id) is null)),
            ("no event without a call, none twice", !log.Phantoms(lastId).Any()),
            ($"read models list as many calls as the log ({log.Requests})", calls == log.Requests && ofSessions == log.Requests),
            ($"read models hold the log's events {Same(await stores.EventDigestAsync(), log.DigestBefore(views), out var held)}", held),
            ($"the index holds the log's events {Same(await stores.IndexDigestAsync(), log.DigestBefore(index), out var indexed)}", indexed),
            ($"every call ended in the read models as in the log ({log.OutcomesDigest()[..16]}…)", await stores.OutcomesDigestAsync() == log.OutcomesDigest()),
            ("nothing is parked", parked == 0),
            ($"chains, trees and signatures verify: {output.Split('\n')[^1]}", code == 0),
        ];
        foreach (var (what, holds) in checks)
        {
            Console.WriteLine($"  {(holds ? "holds " : "BROKEN")} {what}");
        }

        foreach (var fault in answered.Select(log.Fault).OfType<string>().Concat(log.Phantoms(lastId)).Take(ShownFaults))
        {
            Console.WriteLine($"  FAULT {fault}");
        }

        return checks.All(c => c.Holds);
    }

    private static string Same((long Events, string Sha256) here, (long Events, string Sha256) there, out bool same)
    {
        same = here == there;
        return same ? $"({here.Events}, {here.Sha256[..16]}…)" : $"({here.Events}, {here.Sha256[..16]}… against {there.Events}, {there.Sha256[..16]}…)";
    }

    // Until read models and index know the last of calls; their own role still writes to control.
    private async Task FollowedAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var ends = (await log.EndsAsync()).Where(static e => e.Key.Log == LedgerLog.Calls).ToArray();
        while (true)
        {
            var (views, index) = (await stores.ViewPositionsAsync(), await stores.IndexPositionsAsync());
            if (ends.All(e => views[e.Key] >= e.Value && index[e.Key] >= e.Value))
            {
                return;
            }

            await Task.Delay(LookEvery, patience.Token);
        }
    }
}
