namespace McpLedger.Contracts.Tests.Mcp;

/// <summary>One message of every kind and revision, and the pieces that mutations splice in.</summary>
internal static class McpCorpus
{
    private const string Meta =
        """"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"""";

    public static IReadOnlyList<string> Messages { get; } =
    [
        """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{"roots":{"listChanged":true}},"clientInfo":{"name":"a","version":"1"}}}""",
        """{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"s","version":"1"},"instructions":"caf\u00e9 \ud83d\ude00"}}""",
        """{"method":"notifications/initialized","jsonrpc":"2.0"}""",
        """{"jsonrpc":"2.0","id":"ping-1","method":"ping"}""",
        """{"method":"tools/list","params":{"cursor":"x"},"jsonrpc":"2.0","id":1}""",
        """{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo","description":"e","inputSchema":{"type":"object","properties":{"a":{"type":"number","minimum":-1.5e3}},"required":["a"]},"annotations":{"readOnlyHint":true}}],"nextCursor":"n","ttlMs":5,"cacheScope":"public"}}""",
        """{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hi","n":[1,2.5,-3e2,null,true,false],"deep":{"a":{"b":{"c":[[[]]]}}}},"_meta":{"progressToken":"p1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}""",
        $$$"""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hi"},{{{Meta}}} } }""",
        $$$"""{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"echo","inputResponses":{"ok":{"action":"accept"} },"requestState":"s",{{{Meta}}} } }""",
        """{"jsonrpc":"2.0","id":3,"result":{"resultType":"input_required","inputRequests":{"ok":{"method":"elicitation/create","params":{"mode":"form","message":"?"}}},"requestState":"opaque"}}""",
        """{"jsonrpc":"2.0","id":3,"result":{"resultType":"task","taskId":"t","status":"working","ttlMs":60000}}""",
        """{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"no\n\"way\" \\ \/ \b\f\r\t"}],"isError":true}}""",
        """{"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"Unknown tool","data":{"x":[1]}}}""",
        """{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}""",
        """{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p1","progress":0.5,"total":1}}""",
        """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"r"}}""",
        """{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"q"}}],"maxTokens":10}}""",
        """{"jsonrpc":"2.0","id":"s1","result":{"role":"assistant","content":{"type":"text","text":"a"},"model":"m"}}""",
        """{"jsonrpc":"2.0","id":9,"method":"resources/read","params":{"uri":"test://a?b=c%20d"}}""",
        """{"jsonrpc":"2.0","id":9,"method":"prompts/get","params":{"name":"p","arguments":{"x":"y"}}}""",
        """{"jsonrpc":"2.0","id":9,"method":"tasks/get","params":{"taskId":"t"}}""",
        """[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"}]""",
    ];

    public static IReadOnlyList<string> Splices { get; } =
    [
        "\"method\":\"ping\",", ",\"id\":1", ",\"ID\":2", "\"\\u006dethod\"", "\"name\"", "\"Name\"", "\"jsonrpc\"", "\"2.0\"", "\"params\"", "\"result\"", "\"error\"", "\"_meta\"",
        "\"tools/call\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"id\"", "null", "true", "-0", "1e999", "0.1", "[]", "{}", "{\"a\":1,\"a\":2}", "[[[[[[[[[[[[[[[[[[[[",
        "\uFEFF", "\u00e9", "\u017F", "\u212A", "\u0000", "//x", "NaN", "'", "\\", "\\u", "\\ud8", "\"", " ", "\r\n",
    ];
}
