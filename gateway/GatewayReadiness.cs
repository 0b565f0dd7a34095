using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway;

/// <summary>Whether the gateway answers calls. Whether the ledger can record is the ledger's to say.</summary>
public sealed class GatewayReadiness
{
    private readonly GatewayConfigSource _source;
    private readonly ControlState _control;

    internal GatewayReadiness(GatewayConfigSource source, ControlState control)
    {
        _source = source;
        _control = control;
    }

    /// <summary>Why calls are answered 503; null when they are not.</summary>
    public string? Check() =>
        !_source.IsPublished ? "No configuration is in force yet."
        : !_control.IsCurrent ? "The control log has not been read to its end yet."
        : null;
}
