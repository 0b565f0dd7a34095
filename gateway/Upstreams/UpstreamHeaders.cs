using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Sessions;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using JsonType = System.Net.Http.Headers.MediaTypeHeaderValue;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// Which headers reach a server: a list of those that may, because nobody can list all that may not. The caller's credentials, cookies,
/// forwarding headers and session id are not on it, nor is any text of its own: what may pass is checked against the message that is recorded, or recorded itself.
/// </summary>
internal static class UpstreamHeaders
{
    public const string Session = "Mcp-Session-Id";
    public const string Protocol = "MCP-Protocol-Version";
    public const string LastEventId = "Last-Event-ID";
    private const string Method = "Mcp-Method";
    private const string Name = "Mcp-Name";
    private const string ParameterPrefix = "Mcp-Param-";
    private const string Streams = "text/event-stream";
    private const string JsonAndStreams = "application/json, text/event-stream";
    private const string Agent = "McpLedger";
    private static readonly JsonType Json = new("application/json");

    public static HttpRequestMessage Write(UpstreamRequest request, string address)
    {
        // HTTP/2 where TLS offers it; plain HTTP stays at 1.1.
        var to = new HttpRequestMessage(MethodOf(request.HttpMethod), address) { Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };

        // Ours come first and stand. What belongs to a body is no header of a request, and is not taken.
        foreach (var (name, value) in request.Server.Headers)
        {
            to.Headers.TryAddWithoutValidation(name, value);
        }

        Add(to, HeaderNames.Accept, request.HttpMethod == "GET" ? Streams : JsonAndStreams);
        Add(to, HeaderNames.UserAgent, Agent);
        foreach (var (name, values) in request.Client.Headers)
        {
            if (MayPass(name, values, request) && CanBeSent(values))
            {
                Add(to, name, values);
            }
        }

        if (request.Era == McpEra.Legacy && request.Session is { UpstreamSession: { Length: > 0 } session })
        {
            Add(to, Session, session);
        }

        if (request.Message is { } message)
        {
            to.Content = new ReadOnlyMemoryContent(message.Raw) { Headers = { ContentType = Json } };
        }

        return to;
    }

    /// <summary>Whether the HTTP client sends these values: it refuses a request with others, and would take the destination for broken.</summary>
    public static bool CanBeSent(StringValues values)
    {
        foreach (var value in values)
        {
            if (!Ascii.IsValid(value))
            {
                return false;
            }
        }

        return true;
    }

    private static void Add(HttpRequestMessage to, string name, StringValues values)
    {
        if (!to.Headers.NonValidated.Contains(name))
        {
            to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    // Headers that mirror the body were held to it in the modern era, where there is something to mirror; those of parameters that no definition marks must pass (SEP-2243).
    private static bool MayPass(string name, StringValues values, UpstreamRequest request) =>
        Is(name, Protocol)
        || (request.Era == McpEra.Modern && (Is(name, Method) || (Is(name, Name) && request.Message is { } message && McpEraRules.MirrorsName(message)) || name.StartsWith(ParameterPrefix, StringComparison.OrdinalIgnoreCase)))
        || (request is { Era: McpEra.Legacy, HttpMethod: "GET" } && Is(name, LastEventId))
        || (Is(name, HeaderNames.TraceParent) && SessionRefs.TraceId(values) is not null);

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static HttpMethod MethodOf(string method) => method switch
    {
        "GET" => HttpMethod.Get,
        "DELETE" => HttpMethod.Delete,
        _ => HttpMethod.Post,
    };
}
