using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace McpLedger.Gateway.Identity;

/// <summary>Principals by API key: <c>Authorization: Bearer mcpl_…</c> or <c>X-Api-Key: mcpl_…</c>.</summary>
internal sealed class ApiKeyProvider(ControlState control, TimeProvider time) : IPrincipalProvider
{
    private const string KeyHeader = "X-Api-Key";
    private const string Bearer = "Bearer ";

    public bool TryIdentify(HttpContext http, GatewayConfig config, out Principal? principal)
    {
        principal = null;
        var authorization = http.Request.Headers.Authorization;
        var header = http.Request.Headers[KeyHeader];
        if (authorization.Count == 0 && header.Count == 0)
        {
            return false;
        }

        if (TryGetPresented(authorization, header, out var presented)
            && control.Keys.Match(presented, time.GetUtcNow()) is { Principal: { } subject } key)
        {
            principal = new() { Issuer = "mcpledger", Subject = subject, Kind = key.Kind, Teams = key.Teams, Authentication = $"api-key:{key.Key}", Key = key.Key };
        }

        return true;
    }

    /// <summary>Whether the caller presented any credential at all.</summary>
    public static bool IsPresented(HttpRequest request) =>
        request.Headers.Authorization.Count > 0 || request.Headers.ContainsKey(KeyHeader) || request.Headers.Cookie.Count > 0;

    // Two credentials in one request are ambiguous: which one counts would be a guess (I4).
    private static bool TryGetPresented(StringValues authorization, StringValues header, out ReadOnlySpan<char> presented)
    {
        presented = default;
        if (authorization.Count + header.Count != 1)
        {
            return false;
        }

        if (header.Count == 1)
        {
            presented = header[0].AsSpan();
            return true;
        }

        var value = authorization[0].AsSpan();
        if (!value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        presented = value[Bearer.Length..].Trim(' ');
        return true;
    }
}
