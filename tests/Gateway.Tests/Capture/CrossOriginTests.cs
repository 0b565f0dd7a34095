using System.Net;
using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Capture;

public sealed class CrossOriginTests
{
    private const string Console = "https://console.example.com";

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://console.example.com.evil.example")]
    [InlineData("http://console.example.com")]
    [InlineData("https://console.example.com:444")]
    [InlineData("null")]
    [InlineData("*")]
    public async Task A_page_of_another_origin_gets_403_and_no_leave_to_read_it(string origin)
    {
        await using var gateway = await StartAsync();
        foreach (var request in new[] { Preflight(origin), From(origin, Wire.Post("demo", Wire.Call("1", "echo"))) })
        {
            using var answer = await gateway.Client.SendAsync(request);

            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }

        Assert.Equal([403, 403], (await gateway.CallsAsync()).OfType<CallRefused>().Select(e => e.Status));
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Fact]
    public async Task A_page_of_a_configured_origin_may_ask_send_and_read()
    {
        await using var gateway = await StartAsync();
        using var asked = await gateway.Client.SendAsync(Preflight(Console));

        Assert.Equal(HttpStatusCode.NoContent, asked.StatusCode);
        Assert.Equal(Console, Value(asked, "Access-Control-Allow-Origin"));
        Assert.Equal("POST, GET, DELETE", Value(asked, "Access-Control-Allow-Methods"));
        var allowed = Value(asked, "Access-Control-Allow-Headers")!.Split(", ");
        Assert.Contains("Mcp-Session-Id", allowed);
        Assert.Contains("Authorization", allowed);
        Assert.Contains("mcp-param-region", allowed);
        Assert.DoesNotContain("cookie", allowed);
        Assert.Null(Value(asked, "Access-Control-Allow-Credentials"));
        Assert.Equal("Origin", Value(asked, "Vary"));
        Assert.Empty(gateway.Upstream.Requests);
        Assert.Empty(await gateway.CallsAsync());

        using var answered = await gateway.Client.SendAsync(From(Console, Wire.Post("demo", Wire.Call("1", "echo"))));
        Assert.Equal((HttpStatusCode.OK, Console), (answered.StatusCode, Value(answered, "Access-Control-Allow-Origin")));
        Assert.Contains("Mcp-Session-Id", Value(answered, "Access-Control-Expose-Headers")!, StringComparison.Ordinal);
        Assert.Contains("MCP-Protocol-Version", Value(answered, "Access-Control-Expose-Headers")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_can_be_read_by_the_page_too()
    {
        await using var gateway = await StartAsync();

        using var answer = await gateway.Client.SendAsync(From(Console, Wire.PostRaw("demo", "{")));

        Assert.Equal((HttpStatusCode.BadRequest, Console), (answer.StatusCode, Value(answer, "Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task Without_configured_origins_there_is_no_leave_for_anybody()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var own = $"http://localhost:{gateway.Address.Port}";

        using var asked = await gateway.Client.SendAsync(Preflight(own));
        using var answered = await gateway.Client.SendAsync(From(own, Wire.Post("demo", Wire.Call("1", "echo"))));

        Assert.Equal((HttpStatusCode.MethodNotAllowed, HttpStatusCode.OK), (asked.StatusCode, answered.StatusCode));
        Assert.Null(Value(asked, "Access-Control-Allow-Origin"));
        Assert.Null(Value(answered, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_question_to_a_host_that_is_not_ours_is_refused_before_the_origin_counts()
    {
        await using var gateway = await StartAsync();
        var request = Preflight(Console);
        request.Headers.Host = "rebound.example";

        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static Task<GatewayHarness> StartAsync() => GatewayHarness.StartAsync(config => config with { AllowedOrigins = [Console] });

    private static HttpRequestMessage Preflight(string origin)
    {
        var request = From(origin, new HttpRequestMessage(HttpMethod.Options, "/s/demo/mcp"));
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "POST");
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "content-type,mcp-protocol-version,mcp-param-region,cookie,mcp-bad\"name");
        return request;
    }

    private static HttpRequestMessage From(string origin, HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Origin", origin);
        return request;
    }

    private static string? Value(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
