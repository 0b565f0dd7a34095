namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>Why an upstream gave no answer.</summary>
/// <param name="Status">HTTP status that says it best.</param>
/// <param name="Reason">In words for an operator; names what to do where something can be done.</param>
internal sealed record BridgeFault(int Status, string Reason)
{
    /// <summary>A reload overtook the call, which keeps the configuration it came under.</summary>
    public static BridgeFault Replaced { get; } = new(503, "The server's configuration was changed while the call was under way. Try again.");

    public BridgeAnswer ToAnswer() => new(Status, null, null, null, Reason);
}
