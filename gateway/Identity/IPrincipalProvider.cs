using McpLedger.Gateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Identity;

/// <summary>One way to find out who asks.</summary>
internal interface IPrincipalProvider
{
    /// <summary>Looks at the request's headers and socket.</summary>
    /// <returns>False when this way does not apply; true with null when it applies and what was presented is not good.</returns>
    bool TryIdentify(HttpContext http, GatewayConfig config, out Principal? principal);
}
