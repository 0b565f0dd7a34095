namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>Why an upstream gave no answer.</summary>
/// <param name="Status">HTTP status that says it best.</param>
/// <param name="Reason">In words for an operator; names what to do where something can be done.</param>
internal sealed record BridgeFault(int Status, string Reason)
{
    public BridgeAnswer ToAnswer() => new(Status, null, null, null, Reason);
}
