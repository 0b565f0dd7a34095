using System.Net;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Identity;

/// <summary>
/// The principal <c>anonymous</c>: a caller on the loopback interface without credentials, where the operator said so.
/// A request that some proxy passed on is nobody's on this machine, wherever its socket ends.
/// </summary>
internal sealed class LoopbackProvider : IPrincipalProvider
{
    private static readonly string[] ForwardedHeaders =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "CF-Connecting-IP", "True-Client-IP", PeerHop.HopHeader];

    public bool TryIdentify(HttpContext http, GatewayConfig config, out Principal? principal)
    {
        principal = null;
        if (!config.AnonymousOnLoopback || ApiKeyProvider.IsPresented(http.Request)
            || http.Connection.RemoteIpAddress is not { } peer || !IPAddress.IsLoopback(peer))
        {
            return false;
        }

        foreach (var header in ForwardedHeaders)
        {
            if (http.Request.Headers.ContainsKey(header))
            {
                return false;
            }
        }

        principal = Principal.Anonymous;
        return true;
    }
}
