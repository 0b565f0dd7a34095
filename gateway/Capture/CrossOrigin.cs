using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>
/// What pages of a configured origin may do from a browser (CORS, Fetch standard). An origin is named back, never a wildcard; credentials that a browser
/// adds by itself are never allowed, since a caller's key comes in a header that the page sets.
/// </summary>
internal static class CrossOrigin
{
    private const string Methods = "POST, GET, DELETE";
    private const string McpPrefix = "mcp-";
    private const string Readable = "Mcp-Session-Id, MCP-Protocol-Version, Audit-Id, Retry-After, WWW-Authenticate, Allow";
    private const string Sendable = "Content-Type, Accept, Authorization, X-Api-Key, Last-Event-ID, traceparent, tracestate, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name";
    private const int MostAsked = 64;
    private const string MaxAge = "600";
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("-0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Lets the page read the answer, whatever it will be, when its origin is configured.</summary>
    public static void Allow(HttpContext http, HostRules rules)
    {
        if (rules.ConfiguredOrigin(http.Request) is { } origin)
        {
            var headers = http.Response.Headers;
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = Readable;
            headers.Vary = HeaderNames.Origin;
        }
    }

    /// <summary>Answers a browser that asks before it sends. No call: it carries no credentials and reaches no server.</summary>
    /// <returns>False when it is no such question, or none of a configured origin.</returns>
    public static bool TryAnswerPreflight(HttpContext http, HostRules rules)
    {
        if (http.Request.Headers.AccessControlRequestMethod.Count != 1 || rules.ConfiguredOrigin(http.Request) is null)
        {
            return false;
        }

        var headers = http.Response.Headers;
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlAllowHeaders = string.Join(", ", AskedFor(http.Request).Prepend(Sendable));
        headers.AccessControlMaxAge = MaxAge;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    // Which Mcp-Param-* there are is known only to whoever reads the tools' schemas, so those asked for are allowed by their form.
    private static IEnumerable<string> AskedFor(HttpRequest request) =>
        request.Headers.AccessControlRequestHeaders.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(MostAsked)
            .Where(name => name.StartsWith(McpPrefix, StringComparison.OrdinalIgnoreCase) && !name.AsSpan().ContainsAnyExcept(TokenCharacters));
}
