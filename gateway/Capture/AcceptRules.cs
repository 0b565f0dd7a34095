using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>What a client must say that it takes, and what it must say that it sends (Streamable HTTP).</summary>
internal static class AcceptRules
{
    private const string Json = "application/json";
    private const string Streams = "text/event-stream";

    /// <summary>Whether the client takes both forms of answer.</summary>
    public static bool TakesAnswers(HttpRequest request) => Takes(request, Json) && Takes(request, Streams);

    /// <summary>Whether the client takes a stream.</summary>
    public static bool TakesStreams(HttpRequest request) => Takes(request, Streams);

    /// <summary>Whether the body is JSON by its own word.</summary>
    public static bool SendsJson(HttpRequest request) =>
        request.ContentType is { } type && MediaTypeHeaderValue.TryParse(type, out var parsed) && parsed.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
        && (!parsed.Charset.HasValue || parsed.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static bool Takes(HttpRequest request, string type)
    {
        foreach (var value in request.Headers.Accept)
        {
            foreach (var part in value.AsSpan().Split(','))
            {
                var range = value.AsSpan(part.Start.Value, part.End.Value - part.Start.Value);
                var parameters = range.IndexOf(';');
                range = (parameters < 0 ? range : range[..parameters]).Trim();
                if (range.Equals(type, StringComparison.OrdinalIgnoreCase) || range is "*/*"
                    || (range.EndsWith("/*") && type.AsSpan().StartsWith(range[..^1], StringComparison.OrdinalIgnoreCase)))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
