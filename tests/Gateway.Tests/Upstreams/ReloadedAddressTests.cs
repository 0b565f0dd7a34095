using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class ReloadedAddressTests
{
    [Fact]
    public async Task Around_a_reload_nothing_of_a_call_goes_to_an_address_that_its_configuration_does_not_name()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var stranger = await FakeServer.StartAsync();
        var clusters = gateway.Get<Clusters>();
        clusters.Apply(await clusters.MakeAsync(gateway.OpenConfig() with { Servers = GatewayConfig.Empty.Servers.Add("demo", GatewayHarness.ServerOf("demo", stranger.Address)) }));
        await Eventually.TrueAsync(() => clusters.Find("demo")!.Destinations["d0"].Model.Config.Address == stranger.Address.AbsoluteUri);

        await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 502);

        Assert.Empty(stranger.Requests);
        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Fact]
    public async Task A_session_ends_with_the_address_that_held_it()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var other = await FakeServer.StartAsync();
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = "held-there";
            return FakeServer.WriteJson(http, 200, "{\"jsonrpc\":\"2.0\",\"id\":" + Wire.IdOf(body) + ",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}");
        };
        using var opened = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("0")));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("1", "ping"), Wire.Legacy, session), 200);
        await gateway.PublishAsync(gateway.OpenConfig() with { Servers = GatewayConfig.Empty.Servers.Add("demo", GatewayHarness.ServerOf("demo", other.Address)) });
        await Eventually.TrueAsync(() => gateway.Get<Clusters>().Find("demo")!.Destinations["d0"].Model.Config.Address == other.Address.AbsoluteUri);

        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "ping"), Wire.Legacy, session), 404);

        Assert.Empty(other.Requests);
    }
}
