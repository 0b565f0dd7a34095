using System.Collections.Immutable;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Tests.Upstreams;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Gateway.Tests.Sessions;

public sealed class PeerHopTests
{
    [Fact]
    public async Task A_session_with_a_live_process_is_served_by_its_owner_through_any_replica()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        var (id, digest, key) = ApiKey.Create();
        foreach (var gateway in new[] { owner, other })
        {
            await gateway.AppendControlAsync(new KeyCreated(id, digest, "alice", null, [], "human", "test", null));
            var control = gateway.Get<McpLedger.Gateway.Control.ControlState>();
            await Eventually.TrueAsync(() => control.Keys.Keys.Any());
        }

        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        var ping = Wire.LegacyRequest("2", "test/pid");

        await other.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 404);
        await other.PublishAsync(other.Source.Current with { Peers = ImmutableDictionary<string, Uri>.Empty.Add("gw-1", owner.Address) });
        var here = await owner.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 200);
        var there = await other.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 200);

        Assert.Equal(here, there);
        Assert.Contains("\"pid\":", there, StringComparison.Ordinal);
        Assert.Equal(2, (await owner.CallsAsync()).OfType<CallIntended>().Count(call => call.What.Method == "test/pid"));
        Assert.IsType<CallRefused>(Assert.Single(await other.CallsAsync()));

        using var looping = With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session));
        looping.Headers.TryAddWithoutValidation("McpLedger-Hop", "gw-3");
        await other.TextAsync(looping, 404);
    }

    private static async Task<GatewayHarness> StartAsync(string instance, string keys) =>
        await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false, Servers = config.Servers.Add("shell", ShellServer.Config("legacy")) }, instance, keys);

    private static HttpRequestMessage With(string key, HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        return request;
    }
}
