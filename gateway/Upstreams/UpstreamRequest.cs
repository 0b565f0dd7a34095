using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Sessions;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Upstreams;

/// <summary>What is to go to a server: one HTTP request of the client, or one message of its batch.</summary>
/// <param name="Server">The server.</param>
/// <param name="Client">The client's request, for the headers that may pass.</param>
/// <param name="HttpMethod">POST, GET or DELETE.</param>
/// <param name="Message">The message of a POST; null otherwise.</param>
/// <param name="Era">Its era.</param>
/// <param name="Protocol">Its protocol revision.</param>
/// <param name="Session">The session it belongs to; null for none.</param>
/// <param name="Caller">Who asks.</param>
internal sealed record UpstreamRequest(
    ServerConfig Server, HttpRequest Client, string HttpMethod, McpMessage? Message, McpEra Era, string Protocol, SessionClaims? Session, Principal Caller);
