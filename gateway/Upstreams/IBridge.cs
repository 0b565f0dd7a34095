using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;

namespace McpLedger.Gateway.Upstreams;

/// <summary>An upstream that does not speak Streamable HTTP, made to look as if it did.</summary>
internal interface IBridge
{
    /// <summary>Passes one request on. Expected failures are in the answer, never thrown; the answer's body is read to its end or disposed by the caller.</summary>
    ValueTask<BridgeAnswer> ExchangeAsync(BridgeRequest request, CancellationToken cancellationToken);

    /// <summary>After a configuration was put in force: ends what belongs to servers that are gone or are reached differently now.</summary>
    void Reload(IReadOnlyDictionary<string, ServerConfig> servers);
}

/// <summary>One HTTP request as the gateway would have sent it.</summary>
/// <param name="Server">The server it is for.</param>
/// <param name="HttpMethod">POST, GET or DELETE.</param>
/// <param name="Message">The message of a POST; null otherwise.</param>
/// <param name="Era">The era it belongs to.</param>
/// <param name="Protocol">The protocol revision it belongs to.</param>
/// <param name="UpstreamSession">The bridge's own session id, as an earlier answer gave it; null for none.</param>
/// <param name="LastEventId">Where a resumed GET stream goes on; null for a fresh one.</param>
/// <param name="Caller">Who asks.</param>
internal sealed record BridgeRequest(
    ServerConfig Server, string HttpMethod, McpMessage? Message, McpEra Era, string Protocol, string? UpstreamSession, string? LastEventId, Principal Caller);

/// <summary>The answer, shaped like an HTTP response.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="UpstreamSession">The id of the session that an <c>initialize</c> opened; null otherwise.</param>
/// <param name="ContentType">Type of the body; null without one.</param>
/// <param name="Body">JSON or SSE; null without one.</param>
/// <param name="Fault">Why there is no answer, in words for an operator; null when there is one.</param>
internal sealed record BridgeAnswer(int Status, string? UpstreamSession, string? ContentType, Stream? Body, string? Fault);
