using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tests.Mcp;

public sealed class McpEraRulesTests
{
    private static readonly McpRequestHeaders Right = new("2026-07-28", "tools/call", "echo");

    [Fact]
    public void A_modern_call_whose_headers_mirror_its_body_passes()
    {
        Assert.Null(Check(Modern(), Right));
        Assert.Null(Check(Modern(), Right with { Method = " tools/call\t", Name = " echo " }));
        Assert.Null(Check(Modern(name: "caf\u00e9"), Right with { Name = "=?base64?Y2Fmw6k=?=" }));
        Assert.Null(McpEraRules.Check(McpReaderTests.Read(Modern()), Right, out var era, out var protocol));
        Assert.Equal((McpEra.Modern, "2026-07-28"), (era, protocol));
    }

    [Theory]
    [InlineData("2026-07-28", null, "echo")]
    [InlineData("2026-07-28", "TOOLS/CALL", "echo")]
    [InlineData("2026-07-28", "tools/list", "echo")]
    [InlineData("2026-07-28", "tools/call", null)]
    [InlineData("2026-07-28", "tools/call", "Echo")]
    [InlineData("2026-07-28", "tools/call", "=?base64?ZWNobw?=")]
    [InlineData("2026-07-28", "tools/call", "=?base64?ZWNo bw==?=")]
    [InlineData("2026-07-28", "tools/call", "=?base64?/w==?=")]
    [InlineData("2026-07-28", "tools/call", "\u00e9")]
    [InlineData(null, "tools/call", "echo")]
    [InlineData("2025-11-25", "tools/call", "echo")]
    public void A_header_that_does_not_say_what_the_body_says_is_refused(string? version, string? method, string? name)
    {
        var fault = Check(Modern(), new(version, method, name));
        Assert.Equal((400, McpErrors.HeaderMismatch, "1"), (fault!.Status, fault.Code, fault.Id.ToString()));
    }

    [Fact]
    public void A_header_that_comes_twice_is_refused()
    {
        Assert.Equal(McpErrors.HeaderMismatch, Check(Modern(), Right with { Repeated = "Mcp-Name" })!.Code);
        Assert.Equal(McpErrors.HeaderMismatch, Check(Legacy("tools/list"), new("2025-11-25", null, null) { Repeated = "mcp-protocol-version" })!.Code);
        Assert.Null(Check(Legacy("tools/list"), new("2025-11-25", null, null) { Repeated = "Mcp-Name" }));
    }

    [Fact]
    public void A_missing_member_of_meta_is_invalid_params()
    {
        foreach (var meta in new[] { "{}", "{\"io.modelcontextprotocol/clientCapabilities\":{}}", "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}",
            "{\"io.modelcontextprotocol/protocolVersion\":1,\"io.modelcontextprotocol/clientCapabilities\":{}}",
            "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":[]}" })
        {
            var fault = Check($$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{{{meta}}} } }""", Right);
            Assert.Equal((400, McpErrors.InvalidParams), (fault!.Status, fault.Code));
        }
    }

    [Theory]
    [InlineData("1900-01-01")]
    [InlineData("2027-01-01")]
    [InlineData("latest")]
    public void A_revision_that_is_not_served_is_answered_with_those_that_are(string version)
    {
        var fault = Check(Modern(), Right with { ProtocolVersion = version })!;
        Assert.Equal((400, McpErrors.UnsupportedProtocolVersion), (fault.Status, fault.Code));
        Assert.Equal($$"""{"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05","2024-10-07"],"requested":"{{version}}"}""", fault.Data.ToString());
        Assert.StartsWith("""{"jsonrpc":"2.0","id":1,"error":{"code":-32022,""", McpReaderTests.Text(fault.ToResponse()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("initialize")]
    [InlineData("ping")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    public void What_the_modern_era_removed_does_not_exist_there(string method)
    {
        var body = Modern().Replace("tools/call", method, StringComparison.Ordinal).Replace("\"name\"", "\"uri\":\"test://a\",\"name\"", StringComparison.Ordinal);
        var fault = Check(body, Right with { Method = method, Name = null });
        Assert.Equal((404, McpErrors.MethodNotFound), (fault!.Status, fault.Code));
    }

    [Fact]
    public void A_legacy_request_is_not_judged_by_modern_headers()
    {
        Assert.Null(McpEraRules.Check(McpReaderTests.Read(Legacy("tools/list")), new(null, "tools/call", "other"), out var era, out var protocol));
        Assert.Equal((McpEra.Legacy, "2025-03-26"), (era, protocol));
        Assert.Null(McpEraRules.Check(McpReaderTests.Read(Legacy("ping")), new("2025-11-25", null, null), out era, out protocol));
        Assert.Equal((McpEra.Legacy, "2025-11-25"), (era, protocol));
        Assert.Null(McpEraRules.Check(
            McpReaderTests.Read("""{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}"""), new(null, null, null), out era, out protocol));
        Assert.Equal((McpEra.Legacy, "2024-11-05"), (era, protocol));
    }

    [Fact]
    public void A_modern_client_sends_no_responses_and_its_notifications_need_no_meta()
    {
        Assert.Equal((400, McpErrors.InvalidRequest), Code(Check("""{"jsonrpc":"2.0","id":1,"result":{}}""", Right)));
        Assert.Null(Check("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""", new("2026-07-28", "notifications/cancelled", null)));
    }

    [Theory]
    [InlineData("plain name", "plain name")]
    [InlineData(" led", "=?base64?IGxlZA==?=")]
    [InlineData("caf\u00e9", "=?base64?Y2Fmw6k=?=")]
    [InlineData("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?=")]
    public void Header_values_are_encoded_only_where_they_must_be_and_read_back(string text, string header)
    {
        Assert.Equal(header, McpHeaderValue.Encode(text));
        Assert.True(McpHeaderValue.TryDecode(header, out var decoded));
        Assert.Equal(text, decoded);
    }

    private static (int Status, int Code) Code(McpFault? fault) => (fault!.Status, fault.Code);

    private static McpFault? Check(string body, McpRequestHeaders headers) => McpEraRules.Check(McpReaderTests.Read(body), headers, out _, out _);

    private static string Legacy(string method) => $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}"}""";

    private static string Modern(string name = "echo") =>
        $$$"""
        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"{{{name}}}","_meta":
         {"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{} } } }
        """;
}
