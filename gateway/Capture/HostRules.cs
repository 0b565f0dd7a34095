using System.Collections.Frozen;
using McpLedger.Gateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Capture;

/// <summary>
/// Which Host and Origin are answered. A browser that was led here by a rebound name (DNS rebinding) sends that name as Host; one that runs
/// somebody's page sends that page's Origin, or, where the page follows a link or asks for a picture, says in Sec-Fetch-Site that another site did (Fetch Metadata).
/// Requests with neither are no browser's.
/// </summary>
internal sealed class HostRules
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];
    private readonly FrozenSet<string> _hosts;
    private readonly FrozenSet<string> _origins;

    private HostRules(FrozenSet<string> hosts, FrozenSet<string> origins)
    {
        _hosts = hosts;
        _origins = origins;
    }

    public static HostRules Compile(GatewayConfig config) =>
        new((config.AllowedHosts.IsEmpty ? [.. Loopback] : config.AllowedHosts).ToFrozenSet(StringComparer.OrdinalIgnoreCase), config.AllowedOrigins.ToFrozenSet(StringComparer.OrdinalIgnoreCase));

    /// <summary>Why the request is not answered; null when it is.</summary>
    public string? Check(HttpRequest request)
    {
        if (request.Headers.Host.Count != 1 || !_hosts.Contains(request.Host.Host))
        {
            return $"The host '{Shown(request.Host.Host)}' is not one of this gateway's. Add it to listen.hosts if it should be.";
        }

        var origins = request.Headers.Origin;
        if (origins.Count == 0)
        {
            return request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" ? "A page of another site led a browser here. MCP is spoken by clients, not by links." : null;
        }

        return origins.Count == 1 && IsAllowed(origins[0]) ? null : $"The origin '{Shown(origins.ToString())}' is not allowed. Add it to listen.origins if it should be.";
    }

    /// <summary>The request's origin, when the configuration names it: pages of that origin may read the answer.</summary>
    public string? ConfiguredOrigin(HttpRequest request) =>
        request.Headers.Origin is { Count: 1 } origins && origins[0] is { } origin && _origins.Contains(origin) ? origin : null;

    private bool IsAllowed(string? origin) =>
        origin is not null
        && (_origins.Contains(origin)
            || (_origins.Count == 0 && Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && _hosts.Contains(uri.Host)));

    private static string Shown(string? value) => value is { Length: > 200 } ? string.Concat(value.AsSpan(0, 200), "…") : value ?? "";
}
