using System.Collections.Concurrent;
using System.Net;
using McpLedger.Host.Doors;
using static McpLedger.Host.Tests.Doors.StdioClient;

namespace McpLedger.Host.Tests.Doors;

public sealed class StdioConnectionTests
{
    [Fact]
    public async Task A_legacy_session_is_opened_kept_and_ended()
    {
        var seen = new ConcurrentQueue<string>();
        var answers = await RunAsync(
            (request, _) =>
            {
                seen.Enqueue($"{request.Method} {Header(request, "Mcp-Session-Id")} {Header(request, "MCP-Protocol-Version")}");
                var answer = request.Method != HttpMethod.Post ? new(HttpStatusCode.MethodNotAllowed)
                    : seen.Count == 1 ? Json("""{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}""")
                    : seen.Count == 2 ? new(HttpStatusCode.Accepted)
                    : Json("{\n  \"jsonrpc\": \"2.0\",\n  \"id\": \"two\",\n  \"result\": {}\n}");
                answer.Headers.Add("Mcp-Session-Id", "sealed");
                return Task.FromResult(answer);
            },
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}""",
            """{"jsonrpc":"2.0","method":"notifications/initialized"}""",
            """{"jsonrpc":"2.0","id":"two","method":"ping"}""");

        Assert.Equal(["1", "\"two\""], answers.Select(a => a.GetProperty("id").GetRawText()));
        Assert.Equal("POST  ", seen.First());
        Assert.Contains("GET sealed 2025-11-25", seen);
        Assert.Equal("DELETE sealed 2025-11-25", seen.Last());
        Assert.All(seen.Skip(1), s => Assert.EndsWith(" sealed 2025-11-25", s, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_modern_call_gets_the_headers_that_its_body_asks_for()
    {
        var seen = new ConcurrentQueue<HttpRequestMessage>();
        await RunAsync(
            (request, _) =>
            {
                seen.Enqueue(request);
                return Task.FromResult(Json("""{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{"name":"größe","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}]}}"""));
            },
            $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{ {{{Modern}}} }}""");
        var list = Assert.Single(seen);
        Assert.Equal(("2026-07-28", "tools/list", null), (Header(list, "MCP-Protocol-Version"), Header(list, "Mcp-Method"), Header(list, "Mcp-Name")));

        var headers = new ParameterHeaders();
        headers.Learn("""{"tools":[{"name":"t","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},"deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}}}]}"""u8.ToArray());
        var call = Contracts.Mcp.McpReader.Read("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"region":"eu","deep":{"n":7}}}}"""u8.ToArray(), new()).Message;
        Assert.Equal([("Mcp-Param-Region", "eu"), ("Mcp-Param-N", "7")], headers.For(call));
    }

    [Fact]
    public async Task A_name_that_no_header_can_carry_is_encoded()
    {
        string? name = null;
        await RunAsync(
            (request, _) =>
            {
                name = Header(request, "Mcp-Name");
                return Task.FromResult(Json("""{"jsonrpc":"2.0","id":1,"result":{}}"""));
            },
            $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"größe",{{{Modern}}}}}""");

        Assert.Equal("=?base64?Z3LDtsOfZQ==?=", name);
    }

    [Fact]
    public async Task Streamed_messages_come_as_lines_in_their_order()
    {
        var answers = await RunAsync(
            (_, _) => Task.FromResult(Events("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}""", """{"jsonrpc":"2.0","id":1,"result":{"content":[]}}""")),
            """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}""");

        Assert.Equal(["notifications/progress", null], answers.Select(a => a.TryGetProperty("method", out var method) ? method.GetString() : null));
    }

    [Fact]
    public async Task Every_request_is_answered_even_when_the_gateway_is_not_there_or_says_nothing()
    {
        var gone = await RunAsync((_, _) => throw new HttpRequestException("refused"), """{"jsonrpc":"2.0","id":7,"method":"tools/list"}""");
        var silent = await RunAsync((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadGateway)), """{"jsonrpc":"2.0","id":7,"method":"tools/list"}""");
        var unreadable = await RunAsync((_, _) => throw new InvalidOperationException("must not be asked"), """{"jsonrpc":"2.0","id":7,"id":8,"method":"tools/list"}""", "garbage");

        Assert.Equal((7, -32603), Fault(gone.Single()));
        Assert.Equal((7, -32603), Fault(silent.Single()));
        Assert.Equal(2, unreadable.Length);
        Assert.Equal(-32700, Fault(unreadable[1]).Code);
    }

    [Fact]
    public async Task Cancelling_a_modern_call_closes_its_request()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var posts = 0;
        var answers = await RunAsync(
            async (_, cancellationToken) =>
            {
                Interlocked.Increment(ref posts);
                await using var registration = cancellationToken.Register(cancelled.SetResult);
                await Task.Delay(Timeout.Infinite, cancellationToken);
                throw new InvalidOperationException("not reached");
            },
            $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow",{{{Modern}}}}}""",
            $$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,{{{Modern}}}}}""");

        await cancelled.Task;
        Assert.Empty(answers);
        Assert.Equal(1, posts);
    }
}
