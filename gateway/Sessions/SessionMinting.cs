using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Upstreams;

namespace McpLedger.Gateway.Sessions;

/// <summary>Turns the session ids of upstreams into ours.</summary>
internal sealed class SessionMinting(SessionSeal seal)
{
    /// <summary>The session id that the client is to be given with an answer.</summary>
    /// <param name="call">The call that is answered.</param>
    /// <param name="upstream">The answer.</param>
    /// <param name="sealedId">The id for the client; null when the upstream gave none.</param>
    /// <param name="opened">The session that was opened; null when none was.</param>
    /// <param name="fault">Why there is none that could be given.</param>
    /// <returns>False with the reason when the upstream's id is none that we can pass on.</returns>
    public bool TryMint(Call call, UpstreamAnswer upstream, out string? sealedId, out SessionRef? opened, out string? fault)
    {
        sealedId = null;
        opened = null;
        fault = null;
        var exchange = call.Exchange;
        if (call.Era == McpEra.Modern || upstream.Session is not { } session)
        {
            return true;
        }

        if (exchange.Session is { } known && string.Equals(known.UpstreamSession, session, StringComparison.Ordinal))
        {
            sealedId = exchange.PresentedSession;
            return true;
        }

        var address = upstream.Destination is { } destination && exchange.Server!.Destinations.TryGetValue(destination, out var uri) ? SessionClaims.AddressOf(uri) : null;
        if (!seal.TrySeal(new(exchange.ServerName, session, upstream.Destination, address, upstream.Owner, exchange.Principal.Binding), out sealedId, out fault))
        {
            return false;
        }

        // An id that comes with another answer is passed on, but that call belongs where it was made.
        opened = call.Message.Method == "initialize" ? SessionRefs.OfProtocol(exchange.ServerName, session, exchange.Principal.Binding) : null;
        return true;
    }
}
