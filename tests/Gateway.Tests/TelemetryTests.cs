using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace McpLedger.Gateway.Tests;

public sealed class TelemetryTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task A_call_is_a_span_under_the_trace_of_its_meta_and_the_body_is_not_touched()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "McpLedger.Gateway",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var gateway = await GatewayHarness.StartAsync();
        var body = Wire.Call("7", "traced").Replace("\"_meta\":{", $"\"_meta\":{{\"traceparent\":\"00-{Trace}-b7ad6b7169203331-01\",", StringComparison.Ordinal);
        gateway.Upstream.Answer = (http, sent) => FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(sent), "\"isError\":true,\"content\":[]"));

        await gateway.TextAsync(Wire.Post("demo", body), 200);

        await Eventually.TrueAsync(() => spans.Any(span => span.DisplayName == "tools/call traced"));
        var span = spans.First(span => span.DisplayName == "tools/call traced");
        Assert.Equal((Trace, "b7ad6b7169203331", ActivityKind.Server), (span.TraceId.ToHexString(), span.ParentSpanId.ToHexString(), span.Kind));
        Assert.Equal(("traced", "execute_tool", "tool_error"), (span.GetTagItem("gen_ai.tool.name"), span.GetTagItem("gen_ai.operation.name"), span.GetTagItem("error.type")));
        Assert.Equal(body, gateway.Upstream.Requests.Single().Body);
        Assert.Equal(Trace, Assert.IsType<McpLedger.Contracts.Events.CallIntended>((await gateway.CallsAsync())[0]).Where.Trace);
    }

    [Fact]
    public async Task A_span_says_of_a_call_what_is_recorded_of_it()
    {
        const string Own = "1af7651916cd43dd8448eb211c80319d";
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "McpLedger.Gateway",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Screening = new() });
        var token = Screening.Screened.Token(96);

        await gateway.TextAsync(Wire.Post("demo", Wire.Traced(Wire.Call("7", token), Own)), 200);

        await Eventually.TrueAsync(() => spans.Any(span => span.TraceId.ToHexString() == Own));
        var span = spans.First(span => span.TraceId.ToHexString() == Own);
        Assert.StartsWith("tools/call [secret:gitlab-token:", span.DisplayName, StringComparison.Ordinal);
        Assert.All(span.TagObjects, tag => Assert.DoesNotContain(token, tag.Value?.ToString() ?? "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_outcome_is_measured_under_the_conventions_names()
    {
        var errors = new ConcurrentQueue<object?>();
        var methods = new ConcurrentQueue<object?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meters) =>
            {
                if (instrument is { Name: "mcp.server.operation.duration", Unit: "s", Meter.Name: "McpLedger.Gateway" })
                {
                    meters.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            var all = tags.ToArray();
            if (all.Contains(new("mcpledger.server", "measured")))
            {
                methods.Enqueue(all.Single(tag => tag.Key == "mcp.method.name").Value);
                errors.Enqueue(all.FirstOrDefault(tag => tag.Key == "error.type").Value);
            }
        });
        listener.Start();
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Servers = config.Servers.Add("measured", GatewayHarness.ServerOf("measured", config.Servers["demo"].Destinations.Values.Single())) });
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"tools\":[]"));
        await gateway.TextAsync(Wire.Post("measured", Wire.Request("1", "tools/list")), 200);
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteJson(http, 404, "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32601,\"message\":\"no\"}}");
        await gateway.TextAsync(Wire.Post("measured", Wire.Request("2", "made/up")), 404);
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteJson(http, 200, "garbage");
        await gateway.TextAsync(Wire.Post("measured", Wire.Request("3", "made/up")), 502);

        Assert.Equal([null, "-32601", "upstream_failed"], errors);
        Assert.Equal(["tools/list", "_OTHER", "_OTHER"], methods);
    }
}
