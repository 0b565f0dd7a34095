using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Tools;

public sealed class ParameterHeaderTests
{
    private const string Marked = "{\"name\":\"query\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"}}}}";

    [Theory]
    [InlineData(null)]
    [InlineData("us")]
    [InlineData("=?base64?dXM=?=")]
    [InlineData("=?base64?!!?=")]
    public async Task A_header_that_says_something_else_than_the_argument_reaches_no_server(string? header)
    {
        await using var gateway = await StartAsync();
        var asked = gateway.Upstream.Requests.Count;

        var text = await gateway.TextAsync(Call("{\"region\":\"eu\"}", header), 400);

        Assert.Contains("-32020", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":5", text, StringComparison.Ordinal);
        Assert.Equal(asked, gateway.Upstream.Requests.Count);
        var refused = Assert.IsType<CallRefused>((await gateway.CallsAsync())[^1]);
        Assert.Equal((400, -32020, "query"), (refused.Status, refused.Code, refused.What.Name));
    }

    [Theory]
    [InlineData("{\"region\":\"eu\"}", "eu")]
    [InlineData("{\"region\":\"größe\"}", "=?base64?Z3LDtsOfZQ==?=")]
    [InlineData("{}", null)]
    public async Task One_that_says_the_same_passes_as_it_is(string arguments, string? header)
    {
        await using var gateway = await StartAsync();

        await gateway.TextAsync(Call(arguments, header), 200);

        Assert.Equal(header, gateway.Upstream.Requests.Last().Headers.GetValueOrDefault("Mcp-Param-Region"));
    }

    [Fact]
    public async Task A_tool_that_was_never_listed_and_a_header_that_no_schema_marks_pass_to_whoever_knows()
    {
        await using var gateway = await GatewayHarness.StartAsync();

        await gateway.TextAsync(Call("{\"region\":\"eu\"}", "us"), 200);

        Assert.Equal("us", gateway.Upstream.Requests.Single().Headers["Mcp-Param-Region"]);
    }

    [Fact]
    public async Task In_the_legacy_era_such_a_header_means_nothing()
    {
        await using var gateway = await StartAsync();
        var request = Wire.PostRaw("demo", Wire.LegacyRequest("5", "tools/call", "\"name\":\"query\",\"arguments\":{\"region\":\"eu\"}"), Wire.Legacy);
        request.Headers.TryAddWithoutValidation("Mcp-Param-Region", "us");

        await gateway.TextAsync(request, 200);
    }

    private static HttpRequestMessage Call(string arguments, string? header)
    {
        var request = Wire.Post("demo", Wire.Call("5", "query", arguments));
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Param-Region", header);
        }

        return request;
    }

    private static async Task<GatewayHarness> StartAsync()
    {
        var gateway = await GatewayHarness.StartAsync();
        var usual = gateway.Upstream.Answer;
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), $"\"tools\":[{Marked}]"));
        await gateway.TextAsync(Wire.Post("demo", Wire.Request("1", "tools/list")), 200);
        gateway.Upstream.Answer = usual;
        return gateway;
    }
}
