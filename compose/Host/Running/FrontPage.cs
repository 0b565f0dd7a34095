namespace McpLedger.Host.Running;

/// <summary><c>/</c>: what is behind this port, for whoever opens it in a browser. Names nothing that a stranger may not know: neither servers nor versions.</summary>
internal static class FrontPage
{
    public static void MapFrontPage(this IEndpointRouteBuilder endpoints, HostRoles roles)
    {
        string?[] lines =
        [
            "McpLedger",
            "",
            roles.HasFlag(HostRoles.Gateway) ? "/s/{server}/mcp    MCP servers, for MCP clients; 'mcpledger export' writes a client's configuration" : null,
            roles.HasFlag(HostRoles.Projections) ? "/api/v1/           calls, sessions, tools, findings and search; needs a key" : null,
            roles.HasFlag(HostRoles.Pipeline) ? "/tlog/{partition}/ checkpoints and tiles, for whoever monitors the ledger; under /api/v1/ also proofs and signing keys" : null,
            "/openapi/v1.json   the description of what is under /api/v1/",
            "/healthz           whether the process lives",
            "/readyz            whether it does its work, and if not, why",
        ];
        var page = string.Join('\n', lines.OfType<string>()) + "\n";
        endpoints.MapGet("/", () => Results.Text(page)).ExcludeFromDescription();
    }
}
