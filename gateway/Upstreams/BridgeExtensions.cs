using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.LegacySse;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Gateway.Upstreams;

/// <summary>The bridges' door.</summary>
internal static class BridgeExtensions
{
    /// <summary>Adds an <see cref="IBridge"/> for each transport that is not Streamable HTTP, keyed by it.</summary>
    /// <param name="services">Where to; a TimeProvider, logging and metrics are expected there.</param>
    /// <param name="childFolder">A folder of this instance alone, where living child processes are recorded.</param>
    public static IServiceCollection AddBridges(this IServiceCollection services, string childFolder)
    {
        services.AddSingleton(new BridgeLimits()).AddSingleton<BridgeTelemetry>().AddSingleton<StdioTelemetry>();
        services.AddSingleton(provider => new ChildSupervision(childFolder, provider.GetRequiredService<StdioTelemetry>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StdioBridge>();
        services.AddSingleton(provider => new LegacySseBridge(
            LegacySseBridge.CreateClient(), provider.GetRequiredService<BridgeLimits>(), provider.GetRequiredService<BridgeTelemetry>(), provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton<IBridge>(UpstreamTransport.Stdio, (provider, _) => provider.GetRequiredService<StdioBridge>());
        services.AddKeyedSingleton<IBridge>(UpstreamTransport.LegacySse, (provider, _) => provider.GetRequiredService<LegacySseBridge>());
        return services;
    }
}
