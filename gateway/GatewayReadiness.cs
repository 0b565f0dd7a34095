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
        : _control.IsCurrent ? null
        : _control.Unread is null ? "The control log has not been read to its end yet."
        : "The control log cannot be read for too long: what was revoked meanwhile is not known.";
}
