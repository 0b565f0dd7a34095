using McpLedger.Contracts.Mcp;
using Microsoft.Net.Http.Headers;
using JsonType = System.Net.Http.Headers.MediaTypeHeaderValue;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// Which headers reach a server: a list of those that may, because nobody can list all that may not. The caller's credentials, cookies,
/// forwarding headers and session id are not on it.
/// </summary>
internal static class UpstreamHeaders
{
    public const string Session = "Mcp-Session-Id";
    public const string Protocol = "MCP-Protocol-Version";
    private const string McpPrefix = "Mcp-";
    private const string LastEventId = "Last-Event-ID";
    private const string Streams = "text/event-stream";
    private const string JsonAndStreams = "application/json, text/event-stream";
    private static readonly JsonType Json = new("application/json");

    public static HttpRequestMessage Write(UpstreamRequest request, string address)
    {
        // HTTP/2 where TLS offers it; plain HTTP stays at 1.1.
        var to = new HttpRequestMessage(MethodOf(request.HttpMethod), address) { Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        to.Headers.TryAddWithoutValidation(HeaderNames.Accept, request.HttpMethod == "GET" ? Streams : JsonAndStreams);
        foreach (var (name, values) in request.Client.Headers)
        {
            if (MayPass(name, request))
            {
                to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        if (request.Era == McpEra.Legacy && request.Session is { UpstreamSession: { Length: > 0 } session })
        {
            to.Headers.TryAddWithoutValidation(Session, session);
        }

        foreach (var (name, value) in request.Server.Headers)
        {
            to.Headers.Remove(name);
            to.Headers.TryAddWithoutValidation(name, value);
        }

        if (request.Message is { } message)
        {
            to.Content = new ReadOnlyMemoryContent(message.Raw) { Headers = { ContentType = Json } };
        }

        return to;
    }

    private static bool MayPass(string name, UpstreamRequest request) =>
        name.StartsWith(McpPrefix, StringComparison.OrdinalIgnoreCase) ? !name.Equals(Session, StringComparison.OrdinalIgnoreCase)
        : name.Equals(LastEventId, StringComparison.OrdinalIgnoreCase) ? request is { Era: McpEra.Legacy, HttpMethod: "GET" }
        : name.Equals(HeaderNames.UserAgent, StringComparison.OrdinalIgnoreCase)
            || name.Equals(HeaderNames.TraceParent, StringComparison.OrdinalIgnoreCase)
            || name.Equals(HeaderNames.TraceState, StringComparison.OrdinalIgnoreCase);

    private static HttpMethod MethodOf(string method) => method switch
    {
        "GET" => HttpMethod.Get,
        "DELETE" => HttpMethod.Delete,
        _ => HttpMethod.Post,
    };
}
