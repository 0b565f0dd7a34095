using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway.Tests.Tools;

/// <summary>Servers whose new tools wait for an operator.</summary>
public sealed class ToolHoldTests
{
    private const string Echo = "{\"name\":\"echo\",\"description\":\"Says it again\",\"inputSchema\":{\"type\":\"object\"}}";
    private const string Remove = "{\"name\":\"rm\",\"description\":\"Removes\",\"inputSchema\":{\"type\":\"object\"}}";

    [Fact]
    public async Task A_call_that_no_list_went_before_does_not_slip_past()
    {
        await using var gateway = await HoldingAsync();

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);

        Assert.Contains("\"isError\":true", text, StringComparison.Ordinal);
        Assert.Contains("never listed", text, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
        Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
    }

    [Fact]
    public async Task A_new_tool_is_pinned_but_neither_listed_nor_called_until_it_is_approved()
    {
        await using var gateway = await HoldingAsync();
        List(gateway, Echo, Remove);

        Assert.DoesNotContain("echo", await ListedAsync(gateway), StringComparison.Ordinal);
        var asked = gateway.Upstream.Requests.Count;
        Assert.Contains("once an operator has approved it", await gateway.TextAsync(Wire.Post("demo", Wire.Call("2", "echo")), 200), StringComparison.Ordinal);
        Assert.Equal(asked, gateway.Upstream.Requests.Count);
        Assert.All((await gateway.ControlAsync()).OfType<ToolPinned>(), pin => Assert.True(pin.Held));

        await ApproveAsync(gateway, "echo");

        var text = await ListedAsync(gateway);
        Assert.Contains("echo", text, StringComparison.Ordinal);
        Assert.DoesNotContain("rm", text, StringComparison.Ordinal);
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("3", "echo")), 200);
        Assert.IsType<CallCompleted>((await gateway.CallsAsync())[^1]);
    }

    [Fact]
    public async Task Taking_a_tool_away_and_bringing_it_back_resets_nothing()
    {
        await using var gateway = await HoldingAsync();
        List(gateway, Echo, Remove);
        await ListedAsync(gateway);
        await ApproveAsync(gateway, "echo");
        List(gateway);
        await ListedAsync(gateway);
        List(gateway, Echo.Replace("Says it again", "Says it again, and to whom I want", StringComparison.Ordinal), Remove);

        var text = await ListedAsync(gateway);

        Assert.DoesNotContain("echo", text, StringComparison.Ordinal);
        Assert.DoesNotContain("rm", text, StringComparison.Ordinal);
        Assert.Equal("echo", (await gateway.ControlAsync()).OfType<ToolChanged>().Single().Tool);
        List(gateway, Echo, Remove);
        Assert.Contains("echo", await ListedAsync(gateway), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Says it again and again")]
    [InlineData("Says it again")]
    public async Task A_held_tool_that_changes_stays_held(string description)
    {
        await using var gateway = await HoldingAsync();
        List(gateway, Echo);
        await ListedAsync(gateway);
        List(gateway, Echo.Replace("Says it again", "x", StringComparison.Ordinal));
        await ListedAsync(gateway);
        List(gateway, Echo.Replace("Says it again", description, StringComparison.Ordinal));

        Assert.DoesNotContain("echo", await ListedAsync(gateway), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_sight_that_comes_late_from_another_replica_takes_no_approval_back_and_gives_none()
    {
        await using var gateway = await HoldingAsync();
        List(gateway, Echo);
        await ListedAsync(gateway);
        var late = (await gateway.ControlAsync()).OfType<ToolPinned>().Single();
        await ApproveAsync(gateway, "echo");
        await gateway.AppendControlAsync(late);
        await gateway.AppendControlAsync(late with { Held = null, Definition = McpLedger.Contracts.Integrity.Digest.Of("other"u8) });
        await ApproveAsync(gateway, "marker");

        Assert.Contains("echo", await ListedAsync(gateway), StringComparison.Ordinal);
        Assert.Empty((await gateway.ControlAsync()).OfType<ToolChanged>());
    }

    [Fact]
    public async Task What_was_held_stays_held_when_the_configuration_serves_new_tools_from_now_on()
    {
        await using var gateway = await HoldingAsync();
        List(gateway, Echo);
        await ListedAsync(gateway);
        await gateway.PublishAsync(gateway.OpenConfig());
        List(gateway, Echo, Remove);

        var text = await ListedAsync(gateway);

        Assert.DoesNotContain("echo", text, StringComparison.Ordinal);
        Assert.Contains("rm", text, StringComparison.Ordinal);
    }

    private static Task<GatewayHarness> HoldingAsync() => GatewayHarness.StartAsync(config => config with
    {
        Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { FirstTools = FirstTools.Hold }),
    });

    private static Task<string> ListedAsync(GatewayHarness gateway) => gateway.TextAsync(Wire.Post("demo", Wire.Request("1", "tools/list")), 200);

    private static async Task ApproveAsync(GatewayHarness gateway, string tool)
    {
        var known = gateway.Get<ControlState>();
        var content = RawJson.FromTrusted(System.Text.Encoding.UTF8.GetBytes(Echo));
        var definition = known.FindTool("demo", tool)?.Seen ?? McpLedger.Contracts.Integrity.Digest.Of("marker"u8);
        await gateway.AppendControlAsync(new ToolPinned { Server = "demo", Tool = tool, Definition = definition, Content = content, ApprovedBy = "ada" });
        await Eventually.TrueAsync(() => known.FindTool("demo", tool) is { Hold: Gateway.Tools.ToolHold.None });
    }

    private static void List(GatewayHarness gateway, params string[] tools) =>
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), $"\"tools\":[{string.Join(", ", tools)}]"));
}
