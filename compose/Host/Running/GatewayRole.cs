using McpLedger.Gateway;
using McpLedger.Gateway.Configuration;
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
        });
        services.AddSingleton<PublishConfig>(p => p.GetRequiredService<GatewayConfigSource>().PublishAsync);
        services.AddSingleton(p => new ConfigReload(config, roles, p.GetRequiredService<PublishConfig>(), p.GetRequiredService<HostTelemetry>()));
        return services.AddSingleton(p => new ReadinessCheck("gateway", p.GetRequiredService<GatewayReadiness>().Check));
    }

    public static void MapGatewayRole(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGateway();
        endpoints.MapReload();
    }
}
