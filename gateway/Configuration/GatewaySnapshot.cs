using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Policy;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Configuration;

/// <summary>One configuration with what was compiled from it. A call takes the reference once and keeps it to its end, whatever is published meanwhile.</summary>
internal sealed record GatewaySnapshot(GatewayConfig Config, PolicySnapshot Policy, HostRules Hosts, McpLimits Limits, ScreeningPolicy? Screening)
{
    /// <summary>Compiles a configuration.</summary>
    /// <exception cref="InvalidDataException">The folder of the screening's model does not hold one.</exception>
    public static GatewaySnapshot Of(GatewayConfig config) => new(
        config,
        PolicySnapshot.Compile(config),
        HostRules.Compile(config),
        new() { MaxDepth = config.Limits.MaxDepth, MaxNodes = config.Limits.MaxNodes },
        ScreeningPolicy.Compile(config));
}
