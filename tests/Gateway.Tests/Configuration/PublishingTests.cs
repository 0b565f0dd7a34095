using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Gateway.Tests.Configuration;

public sealed class PublishingTests
{
    [Fact]
    public async Task A_published_policy_is_recorded_and_in_force_for_the_next_call()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);
        await gateway.PublishAsync(gateway.OpenConfig() with { Rules = [] });

        Assert.Contains("Unknown tool: echo", await gateway.TextAsync(Wire.Post("demo", Wire.Call("2", "echo")), 200), StringComparison.Ordinal);

        var published = (await gateway.ControlAsync()).OfType<PolicyPublished>().ToList();
        Assert.Equal(2, published.Count);
        Assert.Equal(published[1].Policy, (await gateway.CallsAsync()).OfType<CallRefused>().Single().Decision.Policy);
    }

    [Fact]
    public async Task A_policy_that_cannot_be_recorded_changes_nothing()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Faults.Refused = "policy.published.v1";

        Assert.False(await gateway.Source.PublishAsync(GatewayConfig.Empty, "reload", CancellationToken.None));

        await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_policy_that_cannot_be_put_in_force_is_not_recorded_and_changes_nothing(bool isName)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var server = gateway.OpenConfig().Servers["demo"];
        var twice = server with { Destinations = server.Destinations.Add("D0", gateway.Upstream.Address) };
        var never = server with { Health = new() { ReactivationPeriod = TimeSpan.Zero } };
        var servers = gateway.OpenConfig().Servers.SetItem("demo", isName ? twice : never);

        await Assert.ThrowsAnyAsync<Exception>(() => gateway.Source.PublishAsync(gateway.OpenConfig() with { Servers = servers, Rules = [] }, "reload", CancellationToken.None));

        Assert.Single((await gateway.ControlAsync()).OfType<PolicyPublished>());
        Assert.Contains("\"ok\":true", await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_in_flight_keeps_the_configuration_it_began_with()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var proceed = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, body) =>
        {
            await proceed.Task;
            await FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));
        };
        var calling = gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);
        await Eventually.TrueAsync(() => !gateway.Upstream.Requests.IsEmpty);
        Assert.True(await gateway.Source.PublishAsync(GatewayConfig.Empty, "reload", CancellationToken.None));
        proceed.SetResult();

        Assert.Contains("\"ok\":true", await calling, StringComparison.Ordinal);
    }
}
