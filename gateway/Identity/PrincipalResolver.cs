using McpLedger.Gateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Identity;

/// <summary>Asks each provider in turn; the first that applies answers for good.</summary>
internal sealed class PrincipalResolver(IEnumerable<IPrincipalProvider> providers)
{
    private readonly IPrincipalProvider[] _providers = [.. providers];

    /// <summary>Who asks; null when that cannot be told.</summary>
    public Principal? Resolve(HttpContext http, GatewayConfig config)
    {
        foreach (var provider in _providers)
        {
            if (provider.TryIdentify(http, config, out var principal))
            {
                return principal;
            }
        }

        return null;
    }
}
