using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class SpokenVersionsTests
{
    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task A_version_that_is_no_text_breaks_no_call_and_is_none(string type)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.ContentType = type;
            var answer = Wire.Result(Wire.IdOf(body), "\"supportedVersions\":[\"\\ud800\",\"2025-11-25\"]");
            return type == "application/json" ? FakeServer.WriteJson(http, 200, answer) : FakeServer.WriteEvents(http, Wire.Event(answer));
        };

        await gateway.TextAsync(Wire.Post("demo", Wire.Request("1", "server/discover")), 200);

        Assert.Equal(CallOutcome.Ok, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
        Assert.Contains("\"supported\":[\"2025-11-25\"]", await gateway.TextAsync(Wire.PostRaw("demo", Wire.Request("2", "tools/list"), "1900-01-01"), 400), StringComparison.Ordinal);
    }
}
