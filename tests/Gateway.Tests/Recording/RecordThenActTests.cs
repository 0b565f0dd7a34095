using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Gateway.Tests.Recording;

public sealed class RecordThenActTests
{
    private const string Body = "{ \"jsonrpc\":\"2.0\", \"id\": 7, \"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\",\"text\":\"\\u0068i\"}]}}\n";

    [Fact]
    public async Task A_call_is_recorded_forwarded_recorded_and_released_with_the_exact_bytes()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteJson(http, 200, Body);
        var request = Wire.Call("7", "echo", "{\"text\": \"hi\"}");

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", request));

        Assert.Equal(Body, await response.Content.ReadAsStringAsync());
        Assert.Equal(request, Assert.Single(gateway.Upstream.Requests).Body);
        var events = await gateway.CallsAsync();
        var intended = Assert.IsType<CallIntended>(events[0]);
        var completed = Assert.IsType<CallCompleted>(events[1]);
        Assert.Equal(2, events.Count);
        Assert.Equal(intended.Call, completed.Call);
        Assert.Equal(intended.Call.ToString(), response.Headers.GetValues("Audit-Id").Single());
        Assert.Equal(request, intended.Request.Json.ToString());
        Assert.Equal(Digest.Of("{\"text\": \"hi\"}"u8), intended.What.Arguments!.Sha256);
        Assert.Equal(("tools/call", "echo", "7", "modern", Wire.Modern), (intended.What.Method, intended.What.Name, intended.What.Id.ToString(), intended.What.Era, intended.What.Protocol));
        Assert.Equal(("anonymous", "anonymous"), (intended.Who.Principal, intended.Who.Authentication));
        Assert.Equal((Verdict.Forwarded, "open"), (intended.Decision.Verdict, Assert.Single(intended.Decision.Rules)));
        Assert.Equal((CallOutcome.Ok, 200), (completed.Outcome, completed.Status));
        Assert.Equal(Digest.Of(System.Text.Encoding.UTF8.GetBytes(Body)), completed.Response!.Sha256);
    }
}
