using McpLedger.Gateway;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Host.Configuration;
using McpLedger.Streaming;

namespace McpLedger.Host.Running;

/// <summary>The gateway: <c>/s/{server}/mcp</c>, and the configuration that it takes anew.</summary>
internal static class GatewayRole
{
    public static IServiceCollection AddGatewayRole(this IServiceCollection services, LoadedConfig config, HostRoles roles, LedgerIdentity identity)
    {
        services.AddGateway(new GatewayOptions
        {
            Instance = identity.Instance,
            Source = identity.SourceOf("gateway"),
            SessionKeyFile = config.File.Sessions.Key is { } key ? Path.GetFullPath(key, config.Folder) : Path.Combine(config.DataFolder, "keys", "sessions.key"),
            ChildFolder = Path.Combine(config.DataFolder, "children"),
            StaleAfter = config.File.Ledger.StaleAfter,
            Bridge = BridgeOf(config.File),
        });
        services.AddSingleton<PublishConfig>(p => p.GetRequiredService<GatewayConfigSource>().PublishAsync);
        services.AddSingleton(p => new ConfigReload(config, roles, p.GetRequiredService<PublishConfig>(), p.GetRequiredService<HostTelemetry>(), p.GetService<ServedCertificate>()));
        return services.AddSingleton(p => new ReadinessCheck("gateway", LedgerStatus.Unavailable, p.GetRequiredService<GatewayReadiness>().Check));
    }

    private static BridgeLimits BridgeOf(ConfigFile file) => new()
    {
        Messages = new() { MaxDepth = file.Limits.Depth, MaxNodes = file.Limits.Nodes },
        MaxMessageBytes = (int)file.Bridge.Message.Bytes,
        MaxPending = file.Bridge.Pending,
        MaxPendingShared = file.Bridge.PendingShared,
        MaxStreams = file.Bridge.Streams,
        MaxKept = file.Bridge.Kept,
        ProbeTimeout = file.Bridge.Probe,
        KeepAlive = file.Bridge.KeepAlive,
    };

    public static void MapGatewayRole(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGateway();
        endpoints.MapReload();
    }
}
