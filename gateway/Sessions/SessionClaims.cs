using System.Text;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Gateway.Sessions;

/// <summary>What a session id of ours says, once opened. Clients see it only sealed.</summary>
/// <param name="Server">The server in the configuration that the session is with.</param>
/// <param name="UpstreamSession">The upstream's own session id. A secret: never recorded or logged.</param>
/// <param name="Destination">The destination that holds the session; null where there is no choice.</param>
/// <param name="Address">What that destination's address was, as <see cref="AddressOf"/> names it; null without one. A name that leads elsewhere now holds no session of ours.</param>
/// <param name="Owner">The instance that holds the live process or stream; empty when any replica can serve it.</param>
/// <param name="Principal">Whom the session is bound to (MCP security best practices, session hijacking).</param>
internal sealed record SessionClaims(string Server, string UpstreamSession, string? Destination, string? Address, string Owner, string Principal)
{
    private const int AddressLength = 16;

    /// <summary>Whether events know the session under a name that does not hold its principal. So it is with one that was opened before names did: what was recorded and said of it stays its own.</summary>
    public bool HasSharedName { get; init; }

    /// <summary>A short digest of a destination's address.</summary>
    public static string AddressOf(Uri destination) => Digest.Of(Encoding.UTF8.GetBytes(destination.AbsoluteUri)).ToString()[..AddressLength];
}
