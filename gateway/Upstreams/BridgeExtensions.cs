using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.LegacySse;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Gateway.Upstreams;

/// <summary>The bridges' door.</summary>
internal static class BridgeExtensions
{
    /// <summary>Adds the bridges for the transports that are not Streamable HTTP.</summary>
    /// <param name="services">Where to; a TimeProvider, logging and metrics are expected there.</param>
    /// <param name="childFolder">A folder of this instance alone, where living child processes are recorded.</param>
    /// <param name="limits">What they may ask of the gateway.</param>
    public static IServiceCollection AddBridges(this IServiceCollection services, string childFolder, BridgeLimits limits)
    {
        services.AddSingleton(limits).AddSingleton<BridgeTelemetry>().AddSingleton<StdioTelemetry>();
        services.AddSingleton(provider => new ChildSupervision(childFolder, provider.GetRequiredService<StdioTelemetry>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StdioBridge>();
        services.AddSingleton(provider => new LegacySseBridge(
            LegacySseBridge.CreateClient(), provider.GetRequiredService<BridgeLimits>(), provider.GetRequiredService<BridgeTelemetry>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
