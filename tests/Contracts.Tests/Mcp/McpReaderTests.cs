using System.Text;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tests.Mcp;

public sealed class McpReaderTests
{
    private const string ModernCall =
        """
        {"method":"tools/call","params":{"name":"echo","arguments":{"text":"hi"},"_meta":{"progressToken":7,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
         "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},
         "io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{},"url":{}}}}},"jsonrpc":"2.0","id":"a\u00e9"}
        """;

    [Fact]
    public void A_modern_call_is_read_whole()
    {
        var message = Read(ModernCall);
        Assert.Equal(McpKind.Request, message.Kind);
        Assert.Equal("\"a\\u00e9\"", message.Id.ToString());
        Assert.Equal("tools/call", message.Method);
        Assert.Same(Read(ModernCall).Method, message.Method);
        Assert.Equal("echo", message.Name);
        Assert.Equal("{\"text\":\"hi\"}", Text(message.Arguments));
        Assert.StartsWith("{\"name\":\"echo\"", Text(message.Params), StringComparison.Ordinal);
        Assert.StartsWith("{\"progressToken\":7", Text(message.Meta), StringComparison.Ordinal);
        Assert.Equal("2026-07-28", message.MetaProtocolVersion);
        Assert.True(message.MetaHasClientCapabilities);
        Assert.Equal("t/1", message.ClientName);
        Assert.Equal("7", message.ProgressToken.ToString());
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", message.TraceParent);
        Assert.Equal(ModernCall, Text(message.Raw));
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1,"_meta":{"y":2}}}""", false)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{"x":1}}""", false)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","x":1}""", true)]
    [InlineData("""{"\u0078":{},"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}""", true)]
    [InlineData("""{"params":{},"jsonrpc":"2.0","id":1,"result":{}}""", true)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"},"params":{"a":1}}""", true)]
    public void Members_that_json_rpc_does_not_have_are_told(string message, bool isExtended) => Assert.Equal(isExtended, Read(message).IsExtended);

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":1},"progressToken":2}}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"progressToken":2,"_meta":{"progressToken":1}}}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"progressToken":2}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"notifications/progress","params":{"progressToken":2}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"_meta":{"progressToken":1}}}""", "2")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/message","params":{"progressToken":2,"_meta":{"progressToken":1}}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":"\ud800"}}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"a\udc00"}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":"\ud83d\ude00"}}}""", "\"\\ud83d\\ude00\"")]
    public void A_progress_token_stands_where_its_kind_of_message_has_it_and_is_text_or_a_number(string message, string? token) =>
        Assert.Equal(token, Read(message).ProgressToken?.ToString());

    [Fact]
    public void A_legacy_initialize_is_read_whole()
    {
        var message = Read("""{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"a","version":"2"}}}""");
        Assert.Equal("2025-11-25", message.InitializeProtocolVersion);
        Assert.Equal("a/2", message.ClientName);
        Assert.Null(message.MetaProtocolVersion);
        Assert.False(message.MetaHasClientCapabilities);
    }

    [Theory]
    [InlineData("tools/call", "name", "x")]
    [InlineData("prompts/get", "name", "x")]
    [InlineData("resources/read", "uri", "test://a")]
    [InlineData("resources/subscribe", "uri", "test://a")]
    [InlineData("tasks/get", "taskId", "t1")]
    [InlineData("tasks/cancel", "taskId", "t1")]
    public void The_name_is_the_member_that_the_method_addresses(string method, string member, string value)
    {
        var others = string.Concat(new[] { "name", "uri", "taskId" }.Where(m => m != member).Select(m => $"\"{m}\":\"other\","));
        Assert.Equal(value, Read($$$"""{"jsonrpc":"2.0","id":1,"method":"{{{method}}}","params":{{{{others}}}"{{{member}}}":"{{{value}}}"}}""").Name);
        var fault = Refused($$$"""{"jsonrpc":"2.0","id":1,"method":"{{{method}}}","params":{"{{{member}}}":5}}""");
        Assert.Equal((-32602, "1"), (fault.Code, fault.Id.ToString()));
        Assert.Contains($"params.{member}", fault.Message, StringComparison.Ordinal);
        var without = $$$"""{"jsonrpc":"2.0","id":1,"method":"{{{method}}}"}""";
        Assert.True(method == "resources/subscribe" ? Read(without).Name is null : Refused(without).Code == -32602);
    }

    [Fact]
    public void Results_and_errors_are_read()
    {
        var result = Read("""{"jsonrpc":"2.0","id":3,"result":{"resultType":"input_required","isError":true,"requestState":"s","inputRequests":{},"_meta":{"a":1}}}""");
        Assert.Equal((McpKind.Response, "input_required", true, "\"s\""), (result.Kind, result.ResultType, result.IsToolError, result.RequestState.ToString()));
        Assert.Equal("{\"a\":1}", Text(result.Meta));
        Assert.Equal("2025-06-18", Read("""{"jsonrpc":"2.0","id":3,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}""").InitializeProtocolVersion);
        var error = Read("""{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no\u0021","data":[1]}}""");
        Assert.Equal((McpKind.Response, -32601, "no!", true), (error.Kind, error.ErrorCode, error.ErrorMessage, error.Id is null));
        Assert.Equal(McpKind.Notification, Read("""{"jsonrpc":"2.0","method":"notifications/initialized"}""").Kind);
        Assert.Equal("\"7\"", Read("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"7"}}""").CancelledRequestId.ToString());
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":3,"result":{"requestState":"a","nextCursor":"b"}}""", "\"a\" \"b\"")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"result":{"taskId":"c","cursor":"other"}}""", "\"c\"")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"result":{"task":{"ttl":1,"taskId":"c"},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"d"}}}}""", "\"c\" \"d\"")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":"tasks/get","params":{"taskId":"c"}}""", "\"c\"")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"b","requestState":"a"}}""", "\"a\" \"b\"")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"x","arguments":{"cursor":"b","taskId":"c"}}}""", "")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"result":{"requestState":1,"nextCursor":null,"taskId":{},"task":"c"}}""", "")]
    public void What_only_its_server_reads_is_found_where_the_protocol_has_it(string json, string handles) => Assert.Equal(handles, string.Join(' ', Read(json).Handles.Select(Text)));

    internal static McpMessage Read(string json)
    {
        var read = McpReader.Read(Encoding.UTF8.GetBytes(json), McpLimits.Default);
        Assert.True(read.IsRead, read.Fault?.Message);
        return read.Message;
    }

    internal static McpFault Refused(string json)
    {
        var read = McpReader.Read(Encoding.UTF8.GetBytes(json), McpLimits.Default);
        Assert.False(read.IsRead, json);
        Assert.Equal(McpKind.Unreadable, read.Message.Kind);
        return read.Fault!;
    }

    internal static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
