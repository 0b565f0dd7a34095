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

    [Theory]
    [InlineData("*")]
    [InlineData("call.intended.v1")]
    public async Task A_call_is_refused_when_its_intent_cannot_be_recorded(string unrecordable)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Faults.Refused = unrecordable;

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("\"a-1\"", "echo")));

        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(503, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Contains("\"id\":\"a-1\"", text, StringComparison.Ordinal);
        Assert.Contains("-32603", text, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);

        gateway.Faults.Refused = null;
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("8", "echo")), 200);
    }

    [Fact]
    public async Task An_answer_is_withheld_when_its_outcome_cannot_be_recorded()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteJson(http, 200, Body);
        gateway.Faults.Refused = "call.completed.v1";

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 503);

        Assert.DoesNotContain("content", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":7", text, StringComparison.Ordinal);
        Assert.IsType<CallIntended>(Assert.Single(await gateway.CallsAsync()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_whose_opening_cannot_be_recorded_is_not_given_to_its_client(bool isStream)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = "held-there";
            var answer = "{\"jsonrpc\":\"2.0\",\"id\":" + Wire.IdOf(body) + ",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}";
            return isStream ? FakeServer.WriteEvents(http, Wire.Event(answer)) : FakeServer.WriteJson(http, 200, answer);
        };
        gateway.Faults.Refused = "call.completed.v1";
        using var withheld = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("0")));

        Assert.Equal(503, (int)withheld.StatusCode);
        Assert.False(withheld.Headers.Contains("Mcp-Session-Id"));

        gateway.Faults.Refused = null;
        using var opened = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("0")));
        Assert.True(opened.Headers.Contains("Mcp-Session-Id"));
    }

    [Theory]
    [InlineData("call.completed.v1")]
    [InlineData("message.relayed.v1")]
    public async Task A_stream_releases_nothing_that_is_not_recorded(string unrecordable)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var progress = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1}}";
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, ": hello\n\n", Wire.Event(progress), Wire.Event(Wire.Result("7", "\"secret\":1")));
        gateway.Faults.Refused = unrecordable;

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.Equal(unrecordable == "call.completed.v1", text.Contains("notifications/progress", StringComparison.Ordinal));
        Assert.Contains("\"id\":7,\"error\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_that_cannot_be_recorded_is_a_503()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Rules = [] });
        gateway.Faults.Refused = "call.refused.v1";

        await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 503);

        Assert.Empty(await gateway.CallsAsync());
    }

    [Fact]
    public async Task Mode_strict_request_releases_answers_whose_outcome_is_lost_and_counts_them()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Record = McpLedger.Gateway.Configuration.RecordMode.StrictRequest });
        gateway.Faults.Refused = "call.completed.v1";
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);
        await Eventually.TrueAsync(() => gateway.Counters.Dropped == 1);

        gateway.Faults.Refused = "call.intended.v1";
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("8", "echo")), 503);
    }

    [Fact]
    public async Task Mode_best_effort_passes_calls_that_nobody_recorded_and_counts_them()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Record = McpLedger.Gateway.Configuration.RecordMode.BestEffort });
        gateway.Faults.Refused = "*";

        await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        await Eventually.TrueAsync(() => gateway.Counters.Dropped == 2);
    }

    [Fact]
    public async Task Content_over_32_KiB_lies_in_the_blob_store_before_its_event()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var request = Wire.Call("7", "echo", "{\"text\":\"" + new string('x', 40_000) + "\"}");
        await gateway.TextAsync(Wire.Post("demo", request), 200);

        var intended = (await gateway.CallsAsync()).OfType<CallIntended>().Single();
        Assert.Null(intended.Request.Json);
        Assert.Equal($"sha256/{intended.Request.Sha256.ToString()[..2]}/{intended.Request.Sha256}", intended.Request.Blob);
        var stored = await gateway.Get<McpLedger.Streaming.IBlobStore>().GetAsync(intended.Request.Sha256, CancellationToken.None);
        Assert.Equal(request, System.Text.Encoding.UTF8.GetString(stored!.Value.Span));
    }

    [Fact]
    public async Task Received_is_handled_when_nothing_is_in_flight()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);
        await gateway.TextAsync(Wire.PostRaw("demo", "nonsense", Wire.Modern), 400);

        await Eventually.TrueAsync(() => gateway.Counters is { Received: 2, Handled: 2 });
    }
}
