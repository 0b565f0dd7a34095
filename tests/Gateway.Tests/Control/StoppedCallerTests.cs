using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway.Tests.Control;

/// <summary>Stops, throttles and releases, from the control log to the wire.</summary>
public sealed class StoppedCallerTests
{
    [Fact]
    public async Task A_stopped_principal_reads_why_in_a_tool_error_and_the_server_sees_nothing()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var finding = EventId.New(TimeProvider.System);
        await StopAsync(gateway, Stop() with { Finding = finding });

        var text = await CallAsync(gateway);

        Assert.Contains("\"isError\":true", text, StringComparison.Ordinal);
        Assert.Contains("This agent was stopped: It repeats itself.", text, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
        var refused = Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
        Assert.Equal(finding.ToString(), refused.Decision.Facts!["finding"]);
    }

    [Fact]
    public async Task A_released_principal_goes_on()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await StopAsync(gateway, Stop() with { Until = TimeProvider.System.GetUtcNow().AddHours(1) });
        Assert.Contains("or when an operator releases it", await CallAsync(gateway), StringComparison.Ordinal);

        await gateway.AppendControlAsync(new PrincipalReleased("anonymous", null, null, "host", null));
        await Eventually.TrueAsync(() => gateway.Get<ControlState>().Restraints.Count == 0);

        Assert.DoesNotContain("isError", await CallAsync(gateway), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_throttle_lets_so_many_calls_pass_and_leaves_lists_alone()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await StopAsync(gateway, Stop() with { PerMinute = 2 });

        Assert.DoesNotContain("isError", await CallAsync(gateway), StringComparison.Ordinal);
        Assert.DoesNotContain("isError", await CallAsync(gateway), StringComparison.Ordinal);

        Assert.Contains("This agent may make 2 calls a minute, and has: It repeats itself.", await CallAsync(gateway), StringComparison.Ordinal);
        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("9", "ping"), Wire.Legacy), 200);
        Assert.Equal("ping", (await gateway.CallsAsync()).OfType<CallCompleted>().Last().What.Method);
    }

    [Fact]
    public async Task Sessions_that_are_slowed_down_share_what_their_principal_may()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await StopAsync(gateway, Stop() with { PerMinute = 3 });
        var sessions = Enumerable.Range(1, 4).Select(i => $"{i:x32}").ToArray();
        await CallAsync(gateway, sessions);
        foreach (var session in (await gateway.CallsAsync()).OfType<CallIntended>().Select(e => e.Where.Session.Id).ToArray())
        {
            await gateway.AppendControlAsync(Stop() with { Session = session, PerMinute = 2 });
        }

        await Eventually.TrueAsync(() => gateway.Get<ControlState>().Restraints.Count == 4);
        await CallAsync(gateway, sessions);
        await CallAsync(gateway, sessions);

        Assert.Equal(3, (await gateway.CallsAsync()).OfType<CallIntended>().Count());
    }

    [Fact]
    public async Task A_stopped_agent_can_still_cancel_what_it_began_and_nothing_else()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await StopAsync(gateway, Stop());

        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}", Wire.Legacy), 202);
        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", Wire.Legacy), 403);

        Assert.Contains("was stopped", await gateway.TextAsync(Wire.PostRaw("demo", Wire.Initialize("1")), 200), StringComparison.Ordinal);
        Assert.Single(gateway.Upstream.Requests);
    }

    private static Task<string> CallAsync(GatewayHarness gateway) => gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);

    // A call in each of these traces, every one a session.
    private static async Task CallAsync(GatewayHarness gateway, string[] traces)
    {
        foreach (var trace in traces)
        {
            await gateway.TextAsync(Wire.Post("demo", Wire.Traced(Wire.Call("1", "echo"), trace)), 200);
        }
    }

    private static async Task StopAsync(GatewayHarness gateway, PrincipalStopped stopped)
    {
        await gateway.AppendControlAsync(stopped);
        await Eventually.TrueAsync(() => gateway.Get<ControlState>().Restraints.Count == 1);
    }

    private static PrincipalStopped Stop() => new() { Principal = "anonymous", Reason = "It repeats itself.", By = "detection" };
}
