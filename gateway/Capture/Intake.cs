using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>What every door asks before a decision: who asks, and in which session.</summary>
internal sealed class Intake(Refuser refuser, SessionSeal seal, PeerHop hop, PeerDirectory peers, CallRecorder recorder, GatewayOptions options, TimeProvider time)
{
    private const string Challenge = "Bearer realm=\"mcpledger\"";

    /// <summary>Refuses a request as a whole.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="message">Its message, as far as it could be read; null for none.</param>
    /// <param name="body">The bytes that arrived.</param>
    /// <param name="refusal">Why and how.</param>
    /// <param name="answer">Where to say so.</param>
    public ValueTask RefuseAsync(Exchange exchange, ReadMessage? message, Body body, Refusal refusal, ClientAnswer answer)
    {
        var method = exchange.Http.Request.Method is "GET" or "DELETE" ? exchange.Http.Request.Method : null;
        var call = Call.Begin(exchange, message?.Message ?? default, method, message?.Era ?? McpEra.Unknown, message?.Protocol, definition: null, recorder.Monotonic, time);
        return refuser.RefuseAsync(call, body.Bytes, body.Status != BodyStatus.Whole && exchange.Http.Request.Method == "POST", refusal, answer);
    }

    /// <summary>Why the caller is not let in; null when somebody known asks.</summary>
    public static Refusal? CheckIdentity(Exchange exchange) => exchange.IsIdentified
        ? null
        : Refusal.Plain(StatusCodes.Status401Unauthorized, Refusal.Unauthenticated, "No valid credential was presented. Send an API key as 'Authorization: Bearer mcpl_…'.") with
        {
            Header = (HeaderNames.WWWAuthenticate, Challenge),
        };

    /// <summary>Opens the session id that the client sent, and holds it to its principal and its server.</summary>
    /// <returns>Why it is refused; null when it is not.</returns>
    public Refusal? OpenSession(Exchange exchange)
    {
        var presented = exchange.Http.Request.Headers[UpstreamHeaders.Session];
        if (presented.Count == 0)
        {
            return null;
        }

        if (presented.Count > 1)
        {
            return Refusal.Plain(StatusCodes.Status400BadRequest, McpErrors.InvalidRequest, "The header Mcp-Session-Id came more than once. Send it once.");
        }

        var opening = seal.Open(presented.ToString(), exchange.Principal.Binding, out var claims);
        if (opening == SessionOpening.OtherPrincipal)
        {
            return Refusal.Plain(StatusCodes.Status403Forbidden, Refusal.SessionNotFound, "The session belongs to somebody else.");
        }

        if (opening != SessionOpening.Opened || !string.Equals(claims!.Server, exchange.ServerName, StringComparison.Ordinal))
        {
            return Refusal.Plain(StatusCodes.Status404NotFound, Refusal.SessionNotFound, "There is no such session. Initialize a new one.");
        }

        exchange.Session = claims;
        exchange.PresentedSession = presented.ToString();
        exchange.Peer = hop.ClientOf(exchange.Http.Request, exchange.PresentedSession) ?? exchange.Peer;
        return null;
    }

    /// <summary>Carries the request to the replica that holds its session, when that is not this one.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="body">The bytes that arrived.</param>
    /// <param name="id">The message's id, for whoever is told that the way to its owner broke; null for none.</param>
    /// <param name="answer">Where to say so.</param>
    /// <returns>Null when this replica serves it; otherwise whether it was carried, or why it could not be.</returns>
    public async ValueTask<Hop?> TryHopAsync(Exchange exchange, ReadOnlyMemory<byte> body, RawJson? id, ClientAnswer answer)
    {
        if (exchange.Session is not { Owner.Length: > 0 } claims || string.Equals(claims.Owner, options.Instance, StringComparison.Ordinal))
        {
            return null;
        }

        if (exchange.Principal.IsAnonymous)
        {
            // The owner would see this replica where it takes callers without credentials from its own machine only, and 401 begins no session anew.
            return new(Refusal.Plain(StatusCodes.Status404NotFound, Refusal.SessionNotFound, "Another replica holds the session, and none carries callers without credentials there. Initialize a new one."));
        }

        var end = !PeerHop.IsHop(exchange.Http.Request) && await peers.FindAsync(exchange.Gateway.Config, claims.Owner, exchange.Http.RequestAborted) is { } peer
            ? await hop.CarryAsync(exchange, peer, claims, body)
            : HopEnd.Unreached;
        if (end == HopEnd.BrokeOff)
        {
            // The owner may have taken the call, and then has it on record: a refusal here would say that it did not happen.
            await answer.JsonAsync(StatusCodes.Status502BadGateway, McpErrors.Write(id, McpErrors.InternalError, "The replica that holds the session broke off before it answered. What was asked may have been done.", null));
        }
        else if (end == HopEnd.Stopped)
        {
            await answer.JsonAsync(StatusCodes.Status503ServiceUnavailable, McpErrors.Write(id, McpErrors.InternalError, CallEnding.GatewayStopped, null));
        }

        return end != HopEnd.Unreached ? new(null) : new(Refusal.Plain(StatusCodes.Status404NotFound, Refusal.SessionNotFound, "The replica that held the session is gone. Initialize a new one."));
    }
}

/// <summary>A message with what its request's headers and <c>_meta</c> say about it.</summary>
internal sealed record ReadMessage(McpMessage Message, McpEra Era, string Protocol);

/// <summary>What came of a hop: carried, or why not.</summary>
internal readonly record struct Hop(Refusal? Refusal);
