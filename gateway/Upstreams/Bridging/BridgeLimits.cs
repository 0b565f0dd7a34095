using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>How much a bridged upstream may ask of the gateway, and how long it may take. Everything that waits or is kept has its bound here.</summary>
public sealed record BridgeLimits
{
    /// <summary>What one message of the upstream may look like.</summary>
    public McpLimits Messages { get; init; } = McpLimits.Default;

    /// <summary>Longest message of the upstream, bytes. A longer one ends the connection: where it stops cannot be known.</summary>
    public int MaxMessageBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Most requests of one session that wait for an answer; a further one gets 429.</summary>
    public int MaxPending { get; init; } = 128;

    /// <summary>Most requests of all callers together that wait on a process they share.</summary>
    public int MaxPendingShared { get; init; } = 4096;

    /// <summary>Most sessions at once with one HTTP+SSE server; a further one gets 503. Processes have a bound of their own in the configuration.</summary>
    public int MaxStreams { get; init; } = 1024;

    /// <summary>Most messages that wait in one answer's stream.</summary>
    public int MaxQueued { get; init; } = 1024;

    /// <summary>Most bytes that wait in one answer's stream.</summary>
    public long MaxQueuedBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Most messages that are kept for a session's GET stream, sent ones for resumption among them.</summary>
    public int MaxKept { get; init; } = 512;

    /// <summary>Most bytes that are kept for a session's GET stream.</summary>
    public long MaxKeptBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Longest wait for a client that does not read its answer, while the upstream waits with it.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for an upstream that does not read one message that it is sent.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for one's turn to send, while an upstream reads what others sent it before.</summary>
    public TimeSpan TurnTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for the answer that tells an upstream's era. Long, since a package runner may install the server first.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Silence on a GET stream after which a comment keeps the connection alive and finds out whether anybody is there.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often sessions are looked at for idleness.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(5);
}
