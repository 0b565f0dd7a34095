using System.Text;
using System.Text.Json.Nodes;

namespace McpLedger.EndToEnd.Tests.Stage;

/// <summary>A client without a library: what it sends and what it gets are bytes that a test can look at.</summary>
internal sealed class Wire(Uri endpoint) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The API key that goes along, if any.</summary>
    public string? Key { get; init; }

    /// <summary>A <c>tools/call</c> of 2026-07-28.</summary>
    public Task<WireAnswer> CallAsync(int id, string tool, string arguments = "{}") =>
        SendAsync(ModernCall(id, tool, arguments), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", tool));

    /// <summary>A request of 2026-07-28 without parameters of its own.</summary>
    public Task<WireAnswer> AskAsync(int id, string method) =>
        SendAsync($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"{{{method}}}","params":{{{{Meta}}}}}""", ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method));

    /// <summary>Posts a body as it is.</summary>
    public async Task<WireAnswer> SendAsync(string body, params (string Name, string Value)[] headers)
    {
        using var response = await OpenAsync(body, headers);
        return new((int)response.StatusCode, response.Headers, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Posts a body and returns at the answer's head.</summary>
    public Task<HttpResponseMessage> OpenAsync(string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        if (Key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Key}");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static string ModernCall(int id, string tool, string arguments) =>
        $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{{{arguments}}},{{{Meta}}}}}""";

    public void Dispose() => _http.Dispose();

    private const string Meta = """
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"wire","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}
        """;
}

/// <summary>An answer as it came.</summary>
internal sealed record WireAnswer(int Status, System.Net.Http.Headers.HttpResponseHeaders Headers, string Body)
{
    /// <summary>The last JSON-RPC message of the answer, be it JSON or a stream.</summary>
    public JsonNode Message => JsonNode.Parse(Body.Split('\n').Select(line => line.StartsWith("data:", StringComparison.Ordinal) ? line[5..] : line).Last(line => line.TrimStart().StartsWith('{')))!;
}
