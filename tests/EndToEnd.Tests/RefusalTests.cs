using McpLedger.Contracts.Events;
using McpLedger.EndToEnd.Tests.Stage;

namespace McpLedger.EndToEnd.Tests;

/// <summary>What may not pass does not, is told why, and is on record.</summary>
[Collection(BackstageCollection.Name)]
public sealed class RefusalTests(Backstage backstage)
{
    private string Config => GatewayUnderTest.ConfigFor("sample", backstage.Sample).Replace(
        "rules:\n", "rules:\n  - id: notes-stay\n    block:\n      tools: [delete_note]\n    reason: Notes are kept for the audit.\n", StringComparison.Ordinal);

    [Fact]
    public async Task A_blocked_tool_is_absent_from_the_list()
    {
        var gateway = await backstage.VisitAsync(Config);
        await using var client = await gateway.ClientAsync("sample", null);
        var names = (await client.ListToolsAsync()).Select(tool => tool.Name).ToArray();

        Assert.DoesNotContain("delete_note", names);
        Assert.Contains("write_note", names);
    }

    [Fact]
    public async Task A_blocked_call_never_reaches_the_server_and_stands_alone_in_the_ledger()
    {
        await using var upstream = await ScriptedUpstream.SayingAsync("deleted");
        await using var gateway = await GatewayUnderTest.StartAsync(Config.Replace(backstage.Sample.ToString(), upstream.Address.ToString(), StringComparison.Ordinal));
        using var wire = gateway.Wire("sample");
        var before = upstream.Requests;
        var answer = await wire.CallAsync(7, "delete_note", """{"title":"x"}""");

        Assert.Equal(before, upstream.Requests);
        Assert.Equal(7, (int)answer.Message["id"]!);
        var calls = (await Backstage.CallsAsync(gateway.Instance)).Select(each => each.Data).Where(data => data is CallIntended or CallCompleted or CallRefused);
        var refused = Assert.IsType<CallRefused>(Assert.Single(calls));
        Assert.Equal(Verdict.Refused, refused.Decision.Verdict);
        Assert.Contains("notes-stay", refused.Decision.Rules);
    }

    [Fact]
    public async Task Without_a_rule_everything_is_refused()
    {
        var config = GatewayUnderTest.ConfigFor("sample", backstage.Sample);
        var rules = config.IndexOf("rules:\n", StringComparison.Ordinal);
        await using var gateway = await GatewayUnderTest.StartAsync(string.Concat(config.AsSpan(0, rules), config.AsSpan(config.IndexOf("servers:\n", StringComparison.Ordinal))));
        using var wire = gateway.Wire("sample");
        var answer = await wire.CallAsync(1, "clock");

        Assert.True(answer.Message["error"] is not null || (bool?)answer.Message["result"]?["isError"] is true, answer.Body);
    }

    [Fact]
    public async Task A_server_that_nobody_configured_is_refused()
    {
        var gateway = await backstage.VisitAsync(Config);
        using var wire = gateway.Wire("nowhere");
        var answer = await wire.CallAsync(1, "clock");

        Assert.Equal(404, answer.Status);
        Assert.Equal(1, (int)answer.Message["id"]!);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":"tools/call","method":"ping"}""", 400)]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":"tools/call","Method":"ping"}""", 400)]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":""", 400)]
    public async Task What_the_strict_reader_refuses_is_answered_and_recorded(string body, int status)
    {
        var gateway = await backstage.VisitAsync(Config);
        using var wire = gateway.Wire("sample");
        var answer = await wire.SendAsync(body, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"));

        Assert.Equal(status, answer.Status);
        Assert.NotNull(answer.Message["error"]);
        Assert.Single((await gateway.CallsAsync()).OfType<CallRefused>());
    }

    [Fact]
    public async Task A_header_that_is_not_the_body_is_a_mismatch()
    {
        var gateway = await backstage.VisitAsync(Config);
        using var wire = gateway.Wire("sample");
        var answer = await wire.SendAsync(Wire.ModernCall(5, "clock", "{}"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "count_words"));

        Assert.Equal(400, answer.Status);
        Assert.Equal(-32020, (int)answer.Message["error"]!["code"]!);
        Assert.Equal(5, (int)answer.Message["id"]!);
    }

    [Fact]
    public async Task A_foreign_origin_is_forbidden()
    {
        var gateway = await backstage.VisitAsync(Config);
        using var wire = gateway.Wire("sample");
        var answer = await wire.SendAsync(
            Wire.ModernCall(5, "clock", "{}"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "clock"), ("Origin", "https://evil.example"));

        Assert.Equal(403, answer.Status);
    }
}
