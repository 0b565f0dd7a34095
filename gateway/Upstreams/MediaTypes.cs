using System.Collections.Frozen;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Upstreams;

/// <summary>Media types as reasons tell them. Both halves of one are words of the server's own choice, so only well-known ones are repeated.</summary>
internal static class MediaTypes
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "application/json",
        "application/octet-stream",
        "application/problem+json",
        "application/x-ndjson",
        "application/xhtml+xml",
        "application/xml",
        "text/event-stream",
        "text/html",
        "text/plain",
        "text/xml");

    /// <summary>The type in words that nobody but the gateway chose.</summary>
    /// <param name="contentType">A <c>Content-Type</c> header; null for none.</param>
    public static string Shown(string? contentType) =>
        contentType is null ? "no media type"
        : MediaTypeHeaderValue.TryParse(contentType, out var type) && Known.TryGetValue(type.MediaType.ToString(), out var known) ? known
        : "another media type";
}
