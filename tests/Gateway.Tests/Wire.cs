using System.Text;
using System.Text.Json;

namespace McpLedger.Gateway.Tests;

/// <summary>Requests and answers as they stand on the wire.</summary>
internal static class Wire
{
    public const string Modern = "2026-07-28";
    public const string Legacy = "2025-11-25";

    public static string Call(string id, string tool, string arguments = "{}") => Request(id, "tools/call", $"\"name\":\"{tool}\",\"arguments\":{arguments}");

    public static string Request(string id, string method, string parameters = "")
    {
        var joint = parameters.Length == 0 ? "" : ",";
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + parameters + joint
            + "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    }

    /// <summary>The same modern request as part of a trace.</summary>
    public static string Traced(string body, string trace) => body.Replace("\"_meta\":{", $"\"_meta\":{{\"traceparent\":\"00-{trace}-b7ad6b7169203331-01\",", StringComparison.Ordinal);

    public static string LegacyRequest(string id, string method, string parameters = "") =>
        "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + parameters + "}}";

    public static string Initialize(string id) => LegacyRequest(
        id, "initialize", "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"tester\",\"version\":\"1\"}");

    public static string Result(string id, string members) => "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{\"resultType\":\"complete\"," + members + "}}";

    public static string Event(string data) => "event: message\ndata: " + data + "\n\n";

    public static string IdOf(string body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.TryGetProperty("id", out var id) ? id.GetRawText() : "null";
    }

    /// <summary>A modern POST as a correct client sends it.</summary>
    public static HttpRequestMessage Post(string server, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/s/{server}/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", Modern);
        using var json = JsonDocument.Parse(body);
        request.Headers.TryAddWithoutValidation("Mcp-Method", json.RootElement.GetProperty("method").GetString());
        if (json.RootElement.TryGetProperty("params", out var p) && (p.TryGetProperty("name", out var name) || p.TryGetProperty("uri", out name)))
        {
            request.Headers.TryAddWithoutValidation("Mcp-Name", name.GetString());
        }

        return request;
    }

    /// <summary>A POST of any body, with the version header only where it is given.</summary>
    public static HttpRequestMessage PostRaw(string server, string body, string? version = null, string? session = null, string accept = "application/json, text/event-stream")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/s/{server}/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        Put(request, "MCP-Protocol-Version", version);
        Put(request, "Mcp-Session-Id", session);
        return request;
    }

    public static HttpRequestMessage Send(HttpMethod method, string server, string? version = null, string? session = null)
    {
        var request = new HttpRequestMessage(method, $"/s/{server}/mcp");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        Put(request, "MCP-Protocol-Version", version);
        Put(request, "Mcp-Session-Id", session);
        return request;
    }

    private static void Put(HttpRequestMessage request, string name, string? value)
    {
        if (value is not null)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }
}
