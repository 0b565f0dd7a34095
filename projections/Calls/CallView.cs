namespace McpLedger.Projections.Calls;

/// <summary>One request and its answer, of any method.</summary>
public sealed record CallView
{
    /// <summary>Id of the call.</summary>
    public required string Call { get; init; }

    /// <summary>unresolved | refused | ok | tool-error | protocol-error | upstream-failed | cancelled | client-gone.</summary>
    public required string Outcome { get; init; }

    /// <summary>When the intent or the refusal was written; when the outcome was, where there is no intent.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When the outcome was written; null while there is none.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>From the intent's durability to the outcome, microseconds.</summary>
    public long? DurationMicros { get; init; }

    /// <summary>Who asked.</summary>
    public required string Principal { get; init; }

    /// <summary>Kind of the principal.</summary>
    public required string Kind { get; init; }

    /// <summary>Teams of the principal.</summary>
    public IReadOnlyList<string> Teams { get; init; } = [];

    /// <summary>How the principal was authenticated.</summary>
    public required string Authentication { get; init; }

    /// <summary>The agent that acted for the principal.</summary>
    public string? Agent { get; init; }

    /// <summary>The client's own word about itself.</summary>
    public string? Client { get; init; }

    /// <summary>Server in the configuration.</summary>
    public required string Server { get; init; }

    /// <summary>JSON-RPC method.</summary>
    public string? Method { get; init; }

    /// <summary>Tool or prompt name, resource URI or task id.</summary>
    public string? Name { get; init; }

    /// <summary>JSON-RPC id as raw JSON.</summary>
    public string? RequestId { get; init; }

    /// <summary>modern | legacy.</summary>
    public string? Era { get; init; }

    /// <summary>Protocol revision.</summary>
    public string? Protocol { get; init; }

    /// <summary>Digest of the called tool's definition.</summary>
    public string? Definition { get; init; }

    /// <summary>forwarded | refused.</summary>
    public required string Verdict { get; init; }

    /// <summary>Rules that decided.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Digest of the policy in force.</summary>
    public string? Policy { get; init; }

    /// <summary>Why it was decided so, or what went wrong.</summary>
    public string? Reason { get; init; }

    /// <summary>HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>JSON-RPC error code.</summary>
    public int? Code { get; init; }

    /// <summary>Id of the session.</summary>
    public required string Session { get; init; }

    /// <summary>protocol | trace | actor.</summary>
    public required string SessionKind { get; init; }

    /// <summary>Address of the peer.</summary>
    public string? Peer { get; init; }

    /// <summary>W3C trace id.</summary>
    public string? Trace { get; init; }

    /// <summary>Destination that was used.</summary>
    public string? Upstream { get; init; }

    /// <summary>Bytes of the request.</summary>
    public long? RequestBytes { get; init; }

    /// <summary>Bytes of the answer, the whole stream where there is one.</summary>
    public long? ResponseBytes { get; init; }

    /// <summary>Messages relayed on the way to the outcome.</summary>
    public long Messages { get; init; }

    /// <summary>Id of <c>call.intended.v1</c>.</summary>
    public string? IntendedEvent { get; init; }

    /// <summary>Id of <c>call.refused.v1</c>.</summary>
    public string? RefusedEvent { get; init; }

    /// <summary>Id of <c>call.completed.v1</c>.</summary>
    public string? CompletedEvent { get; init; }
}
