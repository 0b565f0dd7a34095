using System.Buffers;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Gateway.Identity;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// Which session an event belongs to (design §4, Session): the protocol's, else the trace's, else the actor's. Replicas agree without talking. Every name holds its principal:
/// a trace is the client's own word, a session's id the server's, and nobody may count in the session of somebody else.
/// </summary>
internal static class SessionRefs
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private const string Protocol = "protocol";
    private const int IdLength = 32;
    private const int TraceParentLength = 55;

    /// <summary>Decides the session of a message.</summary>
    public static SessionRef Of(SessionClaims? claims, string? traceParent, Principal principal, string? client) =>
        claims is { HasSharedName: true } ? new(Name($"session\n{claims.Server}\n{claims.UpstreamSession}"), Protocol)
        : claims is not null ? OfProtocol(claims.Server, claims.UpstreamSession, claims.Principal)
        : TraceId(traceParent) is { } trace ? new(Name($"trace\n{principal.Binding}\n{trace}"), "trace")
        : new(Name($"actor\n{principal.Binding}\n{principal.Agent}\n{principal.Client ?? client}"), "actor");

    /// <summary>The session that the upstream knows under <paramref name="upstreamSession"/>, which itself is a secret and stays one, as far as it is one principal's: a server may give two of them one id.</summary>
    public static SessionRef OfProtocol(string server, string upstreamSession, string principal) => new(Name($"session\n{server}\n{principal}\n{upstreamSession}"), Protocol);

    /// <summary>The trace id of a W3C <c>traceparent</c> of version 00; null when it is none.</summary>
    public static string? TraceId(string? traceParent)
    {
        if (traceParent is not { Length: TraceParentLength } || !traceParent.StartsWith("00-", StringComparison.Ordinal) || traceParent[35] != '-' || traceParent[52] != '-')
        {
            return null;
        }

        var trace = traceParent.AsSpan(3, 32);
        return trace.ContainsAnyExcept(HexDigits) || !trace.ContainsAnyExcept('0') ? null : trace.ToString();
    }

    private static string Name(string secret) => Digest.Of(Encoding.UTF8.GetBytes(secret)).ToString()[..IdLength];
}
