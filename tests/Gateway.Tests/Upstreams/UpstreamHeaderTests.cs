using McpLedger.Contracts.Events;
using McpLedger.Gateway.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Model;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class UpstreamHeaderTests
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task A_configured_header_of_the_body_breaks_no_call()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { Headers = config.Servers["demo"].Headers.Add("Content-Type", "text/plain").Add("Content-Length", "1").Add("X-Team", "blue") }),
        });

        await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);

        var seen = gateway.Upstream.Requests.Single().Headers;
        Assert.Equal(("application/json", "blue"), (seen["Content-Type"], seen["X-Team"]));
        Assert.Equal(CallOutcome.Ok, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Fact]
    public async Task A_header_that_is_no_ascii_is_not_passed_on_and_harms_no_destination()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8 }) { BaseAddress = gateway.Address };
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Headers.TryAddWithoutValidation("User-Agent", "caf\u00e9");

        using var response = await client.SendAsync(request);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("McpLedger", gateway.Upstream.Requests.Single().Headers["User-Agent"]);
        Assert.NotEqual(DestinationHealth.Unhealthy, gateway.Get<Clusters>().Find("demo")!.Destinations["d0"].Health.Passive);
    }

    [Theory]
    [InlineData("Mcp-Anything", "x", true, false)]
    [InlineData("Mcp-Method", "x", false, false)]
    [InlineData("Mcp-Param-Region", "eu", false, false)]
    [InlineData("Mcp-Param-Region", "eu", true, true)]
    [InlineData("traceparent", Trace, true, true)]
    [InlineData("traceparent", "anything at all", true, false)]
    [InlineData("tracestate", "a=b", true, false)]
    public async Task What_passes_of_the_clients_headers_is_checked_or_known(string name, string value, bool isModern, bool passes)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = isModern ? Wire.Post("demo", Wire.Call("1", "echo")) : Wire.PostRaw("demo", Wire.LegacyRequest("1", "tools/call", "\"name\":\"echo\""), Wire.Legacy);
        request.Headers.TryAddWithoutValidation(name, value);

        await gateway.TextAsync(request, 200);

        Assert.Equal(passes ? value : null, gateway.Upstream.Requests.Single().Headers.GetValueOrDefault(name));
    }

    [Fact]
    public async Task What_a_client_says_of_itself_in_headers_stays_here_for_nobody_would_read_it()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Headers.TryAddWithoutValidation("User-Agent", "sk-1234");
        request.Headers.TryAddWithoutValidation("traceparent", Trace);
        request.Headers.TryAddWithoutValidation("tracestate", "a=sk-1234");

        await gateway.TextAsync(request, 200);

        var seen = gateway.Upstream.Requests.Single().Headers;
        Assert.Equal(Trace, seen["traceparent"]);
        Assert.Equal("McpLedger", seen["User-Agent"]);
        Assert.DoesNotContain("tracestate", seen.Keys);
    }

    [Theory]
    [InlineData("tools/list", "")]
    [InlineData("server/discover", "")]
    [InlineData("acme/own", "\"name\":\"kept\"")]
    public async Task A_name_beside_a_message_that_has_none_stays_here(string method, string parameters)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"tools\":[],\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{}"));
        using var request = Wire.Post("demo", Wire.Request("1", method, parameters));
        request.Headers.Remove("Mcp-Name");
        request.Headers.TryAddWithoutValidation("Mcp-Name", "sk-1234");

        await gateway.TextAsync(request, 200);

        Assert.DoesNotContain("Mcp-Name", gateway.Upstream.Requests.Single().Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Where_requests_are_traced_a_server_is_told_our_span_and_nothing_that_the_client_carries_along()
    {
        // As in the host: where anybody listens to its log, ASP.NET makes an activity of each request, with all that the client's headers say of it.
        await using var gateway = await GatewayHarness.StartAsync(config => config, "gw-1", keys: null, services => services.AddLogging(logging => logging.AddProvider(new Listener())));
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Headers.TryAddWithoutValidation("traceparent", Trace);
        request.Headers.TryAddWithoutValidation("tracestate", "a=sk-1234");
        request.Headers.TryAddWithoutValidation("baggage", "key=sk-1234");
        request.Headers.TryAddWithoutValidation("Correlation-Context", "key=sk-1234");

        await gateway.TextAsync(request, 200);

        var seen = gateway.Upstream.Requests.Single().Headers;
        Assert.StartsWith(Trace[..36], seen["traceparent"], StringComparison.Ordinal);
        Assert.NotEqual(Trace, seen["traceparent"]);
        Assert.DoesNotContain("sk-1234", string.Concat(seen.Values), StringComparison.Ordinal);
    }

    private sealed class Listener : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }

        public void Dispose()
        {
        }
    }
}
