using System.Text.Json.Serialization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>The gateway is about to forward a request. Durable before the upstream sees a byte (I1).</summary>
public sealed record CallIntended : EventData
{
    /// <summary>Joins this event to its outcome.</summary>
    public required EventId Call { get; init; }

    /// <summary>Who asks.</summary>
    public required Caller Who { get; init; }

    /// <summary>What is asked.</summary>
    public required CallTarget What { get; init; }

    /// <summary>The whole request message as it is forwarded, without the values that the ledger may not hold (<see cref="Screening"/>).</summary>
    public required Content Request { get; init; }

    /// <summary>Why it may pass.</summary>
    public required DecisionRecord Decision { get; init; }

    /// <summary>Where it came from.</summary>
    public required Place Where { get; init; }

    /// <summary>What was found in the request; null for nothing.</summary>
    public ScreeningRecord? Screening { get; init; }
}

/// <summary>The gateway refused a request; no upstream saw it. Stands alone.</summary>
public sealed record CallRefused : EventData
{
    /// <summary>Id of the call that never was.</summary>
    public required EventId Call { get; init; }

    /// <summary>Who asked; anonymous when identity was what failed.</summary>
    public required Caller Who { get; init; }

    /// <summary>What was asked, as far as it could be read.</summary>
    public required CallTarget What { get; init; }

    /// <summary>The bytes that arrived, as far as they were read.</summary>
    public required Content Request { get; init; }

    /// <summary>Why not.</summary>
    public required DecisionRecord Decision { get; init; }

    /// <summary>Where it came from.</summary>
    public required Place Where { get; init; }

    /// <summary>HTTP status the client was given.</summary>
    public required int Status { get; init; }

    /// <summary>JSON-RPC error code the client was given; null when it was given a tool error.</summary>
    public int? Code { get; init; }

    /// <summary>What was found in the request; null for nothing, or when it was refused before anybody looked.</summary>
    public ScreeningRecord? Screening { get; init; }
}

/// <summary>A forwarded call has ended. Durable before the client sees the answer's last byte (I1).</summary>
public sealed record CallCompleted : EventData
{
    /// <summary>The call that <see cref="CallIntended"/> announced.</summary>
    public required EventId Call { get; init; }

    /// <summary>Who asked (as in the intent, so that this event can be searched alone).</summary>
    public required Caller Who { get; init; }

    /// <summary>What was asked (as in the intent).</summary>
    public required CallTarget What { get; init; }

    /// <summary>How it ended.</summary>
    public required CallOutcome Outcome { get; init; }

    /// <summary>The final response message as the upstream sent it, without the values that the ledger may not hold (<see cref="Screening"/>); null when there was none.</summary>
    public Content? Response { get; init; }

    /// <summary>The response as the client was given it, when that differs from <see cref="Response"/>.</summary>
    public Content? Released { get; init; }

    /// <summary>What a streamed answer carried besides its final response; null for a single JSON answer.</summary>
    public StreamSummary? Stream { get; init; }

    /// <summary>HTTP status of the upstream; 0 when it never answered, 200 where the transport has none.</summary>
    public required int Status { get; init; }

    /// <summary>JSON-RPC error code of the answer, if it was an error.</summary>
    public int? Code { get; init; }

    /// <summary>What went wrong, in words for an operator; null when nothing did.</summary>
    public string? Reason { get; init; }

    /// <summary>From the intent's durability to the outcome, microseconds of the monotonic clock.</summary>
    public required long DurationMicros { get; init; }

    /// <summary>Where it came from.</summary>
    public required Place Where { get; init; }

    /// <summary>What was found in the response; null for nothing.</summary>
    public ScreeningRecord? Screening { get; init; }
}

/// <summary>One message inside a stream, a notification, or a server-initiated request or its answer. Durable before it is released.</summary>
public sealed record MessageRelayed : EventData
{
    /// <summary>The call in whose stream it came; null on a stream that belongs to no call.</summary>
    public EventId? Call { get; init; }

    /// <summary>Who the client side is.</summary>
    public required Caller Who { get; init; }

    /// <summary>What the message is; its method is the message's own.</summary>
    public required CallTarget What { get; init; }

    /// <summary>Which way it went.</summary>
    public required Direction Direction { get; init; }

    /// <summary>The message.</summary>
    public required Content Message { get; init; }

    /// <summary>Where it came from.</summary>
    public required Place Where { get; init; }

    /// <summary>Why it was not passed on, in words for an operator; null when it was.</summary>
    public string? Dropped { get; init; }

    /// <summary>
    /// How the call ended that this answers, for an answer on a stream that belongs to no call: the writer does not know the call, whose session and id
    /// (<see cref="CallTarget.Id"/>) the answer has. Null for every other message.
    /// </summary>
    public CallOutcome? Outcome { get; init; }

    /// <summary>What was found in the message; null for nothing.</summary>
    public ScreeningRecord? Screening { get; init; }
}

/// <summary>Which way a message went.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Direction>))]
public enum Direction
{
    /// <summary>From the client to the server.</summary>
    [JsonStringEnumMemberName("to-server")]
    ToServer = 0,

    /// <summary>From the server to the client.</summary>
    [JsonStringEnumMemberName("to-client")]
    ToClient = 1,
}

/// <summary>How a forwarded call ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CallOutcome>))]
public enum CallOutcome
{
    /// <summary>Nobody knows. Never written; what a call without an outcome reads as.</summary>
    [JsonStringEnumMemberName("unresolved")]
    Unresolved = 0,

    /// <summary>A result.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok = 1,

    /// <summary>A tool result with <c>isError: true</c>.</summary>
    [JsonStringEnumMemberName("tool-error")]
    ToolError = 2,

    /// <summary>A JSON-RPC error.</summary>
    [JsonStringEnumMemberName("protocol-error")]
    ProtocolError = 3,

    /// <summary>The upstream could not be reached, broke off, timed out or answered something that is no answer.</summary>
    [JsonStringEnumMemberName("upstream-failed")]
    UpstreamFailed = 4,

    /// <summary>The client cancelled by the rules of its era.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 5,

    /// <summary>The client was gone before the answer could be released.</summary>
    [JsonStringEnumMemberName("client-gone")]
    ClientGone = 6,
}

/// <summary>The parties on the client's side of a call.</summary>
public sealed record Caller
{
    /// <summary>Stable name of the principal; <c>anonymous</c> for a loopback caller without credentials.</summary>
    public required string Principal { get; init; }

    /// <summary>human | service | agent | anonymous | unknown.</summary>
    public required string Kind { get; init; }

    /// <summary>Teams the principal belongs to.</summary>
    public IReadOnlyList<string> Teams { get; init; } = [];

    /// <summary>How it was authenticated: <c>api-key:{key id}</c>, <c>anonymous</c>, or <c>none</c>.</summary>
    public required string Authentication { get; init; }

    /// <summary>Which agent acts for the principal, where that is known.</summary>
    public string? Agent { get; init; }

    /// <summary>The client's own word about itself: <c>name/version</c>. Display only, never a policy subject.</summary>
    public string? Client { get; init; }
}

/// <summary>What a message addresses.</summary>
public sealed record CallTarget
{
    /// <summary>Name of the server in the configuration; what the client asked for when there is none of that name.</summary>
    public required string Server { get; init; }

    /// <summary>request | notification | response | unreadable.</summary>
    public required string Kind { get; init; }

    /// <summary>The JSON-RPC method; null for responses and what could not be read.</summary>
    public string? Method { get; init; }

    /// <summary>Tool or prompt name, resource URI or task id that the method addresses.</summary>
    public string? Name { get; init; }

    /// <summary>The JSON-RPC id as raw JSON: <c>7</c> and <c>"7"</c> are two ids.</summary>
    public RawJson? Id { get; init; }

    /// <summary>modern | legacy.</summary>
    public string? Era { get; init; }

    /// <summary>The protocol revision, such as <c>2026-07-28</c>; <c>other</c> for one that nobody knows.</summary>
    public string? Protocol { get; init; }

    /// <summary>Digest of the called tool's canonical definition as last listed by the server; null when it was never listed.</summary>
    public Digest? Definition { get; init; }

    /// <summary>Size and digest of the arguments' exact bytes inside the request; null when there are none.</summary>
    public ContentDigest? Arguments { get; init; }
}

/// <summary>Size and digest of bytes that are stored elsewhere.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Digest of exactly those bytes.</param>
public sealed record ContentDigest(long Size, Digest Sha256);

/// <summary>Bytes that crossed the wire: exactly one of <see cref="Json"/>, <see cref="Base64"/>, <see cref="Blob"/> holds them.</summary>
public sealed record Content
{
    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Digest of exactly those bytes.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>The bytes, when they are one JSON value that the strict reader accepted and at most 32 KiB.</summary>
    public RawJson? Json { get; init; }

    /// <summary>The bytes, when they are not JSON and at most 32 KiB.</summary>
    public string? Base64 { get; init; }

    /// <summary>Claim check: where the bytes lie in the blob store, <c>sha256/{first two digits}/{digest}</c>. Durable before this event.</summary>
    public string? Blob { get; init; }

    /// <summary>True when what arrived was longer and the rest was never read (an oversize body that was refused).</summary>
    public bool Partial { get; init; }
}

/// <summary>What a streamed answer carried.</summary>
/// <param name="Messages">JSON-RPC messages, the final response included.</param>
/// <param name="Bytes">Bytes of the stream as the upstream sent it.</param>
/// <param name="Sha256">Digest over those bytes, in order.</param>
public sealed record StreamSummary(long Messages, long Bytes, Digest Sha256);

/// <summary>What policy said and everything it looked at.</summary>
public sealed record DecisionRecord
{
    /// <summary>The verdict; zero refuses (I7).</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Rules that decided, in order.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Digest of the policy that was in force.</summary>
    public Digest? Policy { get; init; }

    /// <summary>Why, in words that a model can read and act on; null when there is nothing to explain.</summary>
    public string? Reason { get; init; }

    /// <summary>Facts the decision read that are not in the event elsewhere, by name.</summary>
    public IReadOnlyDictionary<string, string>? Facts { get; init; }
}

/// <summary>What policy said.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>It may not pass.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused = 0,

    /// <summary>It may pass as it is.</summary>
    [JsonStringEnumMemberName("forwarded")]
    Forwarded = 1,
}

/// <summary>Where and when a message met the gateway.</summary>
public sealed record Place
{
    /// <summary>The session, as the gateway decided it when it recorded.</summary>
    public required SessionRef Session { get; init; }

    /// <summary>Address of the peer on the socket.</summary>
    public string? Peer { get; init; }

    /// <summary>W3C trace id, from <c>_meta.traceparent</c> or the HTTP header.</summary>
    public string? Trace { get; init; }

    /// <summary>Which destination of the upstream was used; null where there is only one or none was reached.</summary>
    public string? Upstream { get; init; }

    /// <summary>Microseconds of the writer's monotonic clock since its boot.</summary>
    public required long Monotonic { get; init; }
}

/// <summary>A session's id and how it was found.</summary>
/// <param name="Id">Stable id, the same on every replica.</param>
/// <param name="Kind">protocol (the era has one) | trace (digest of principal and <c>_meta.traceparent</c>) | actor (digest of principal, agent and client).</param>
public sealed record SessionRef(string Id, string Kind);
