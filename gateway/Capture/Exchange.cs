using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Capture;

/// <summary>One HTTP request of a client, with the configuration it is judged by from beginning to end.</summary>
internal sealed class Exchange(HttpContext http, GatewaySnapshot gateway, string serverName, Principal? identified)
{
    /// <summary>Longest id of an event that a client may name, characters.</summary>
    public const int LongestEventId = 1024;

    public HttpContext Http { get; } = http;

    public GatewaySnapshot Gateway { get; } = gateway;

    /// <summary>The server that was asked for, whether or not it exists.</summary>
    public string ServerName { get; } = serverName;

    /// <summary>The server; null when there is none of that name.</summary>
    public ServerConfig? Server { get; } = gateway.Config.Servers.GetValueOrDefault(serverName);

    /// <summary>Whether somebody is known to be asking.</summary>
    public bool IsIdentified { get; } = identified is not null;

    /// <summary>Who asks; <see cref="Principal.Unknown"/> when that cannot be told.</summary>
    public Principal Principal { get; } = identified ?? Principal.Unknown;

    /// <summary>The session that the request belongs to; null for none.</summary>
    public SessionClaims? Session { get; set; }

    /// <summary>The session id as the client sent it; null for none.</summary>
    public string? PresentedSession { get; set; }

    /// <summary>The last event that the client was given of a stream that broke off, which the request resumes; null when it resumes none.</summary>
    public string? LastEvent => Http.Request.Headers[UpstreamHeaders.LastEventId].ToString() is { Length: > 0 } id ? id : null;

    /// <summary>Address of the client: of the peer on the socket, or what the replica that carried the request here saw on its own.</summary>
    public string? Peer { get; set; } = http.Connection.RemoteIpAddress?.ToString();

    /// <summary>Whether the client has hung up.</summary>
    public bool IsClientGone => Http.RequestAborted.IsCancellationRequested;

    /// <summary>Whether it was hung up on, because it did not read what it was given.</summary>
    public bool IsClientStalled => ClientAnswer.WasStalled(Http);
}
