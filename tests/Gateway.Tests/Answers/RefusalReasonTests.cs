using McpLedger.Contracts.Events;
using McpLedger.Gateway.Tests.Screening;

namespace McpLedger.Gateway.Tests.Answers;

public sealed class RefusalReasonTests
{
    [Fact]
    public async Task A_reason_that_repeats_what_the_caller_sent_is_recorded_without_its_secrets()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Screening = new() });
        var token = Screened.Token(11);
        var body = Wire.Call("7", "echo").Replace("\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"", $"\"io.modelcontextprotocol/protocolVersion\":\"{token}\"", StringComparison.Ordinal);

        Assert.Contains(token, await gateway.TextAsync(Wire.Post("demo", body), 400), StringComparison.Ordinal);

        var reason = Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync())).Decision.Reason;
        Assert.Contains("MCP-Protocol-Version", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(token, reason, StringComparison.Ordinal);
    }
}
