using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>A process began to write to a partition. First record of its chain.</summary>
/// <param name="Version">Version of the program.</param>
/// <param name="Host">Name of the machine.</param>
/// <param name="Record">The recording mode in force: strict | strict-request | best-effort.</param>
public sealed record WriterStarted(string Version, string Host, string Record) : EventData;

/// <summary>A process stopped writing in good order. Last record of its chain.</summary>
/// <param name="Written">Records written before this one.</param>
public sealed record WriterStopped(long Written) : EventData;

/// <summary>A writer is alive: silence between two of these is provable.</summary>
/// <param name="Written">Records written before this one in this chain.</param>
/// <param name="Received">Messages that arrived since boot.</param>
/// <param name="Handled">Messages that were answered or passed on since boot.</param>
/// <param name="Dropped">Events not recorded since boot (only <c>best-effort</c> can drop).</param>
public sealed record Heartbeat(long Written, long Received, long Handled, long Dropped) : EventData;

/// <summary>A tool was listed by a configured server for the first time, or an operator approved what it lists. The same is said of a server's instructions.</summary>
public sealed record ToolPinned : EventData
{
    /// <summary>Server in the configuration.</summary>
    public required string Server { get; init; }

    /// <summary>Name of the tool; <c>:instructions</c>, which is no tool's, for the server's instructions.</summary>
    public required string Tool { get; init; }

    /// <summary>Digest of the canonical definition (RFC 8785 over the whole tool object).</summary>
    public required Digest Definition { get; init; }

    /// <summary>The definition as the server sent it.</summary>
    public required RawJson Content { get; init; }

    /// <summary>True when the tool is neither listed nor called before an operator approves it; null when it is served.</summary>
    public bool? Held { get; init; }

    /// <summary>The operator who approved it; null when it was listed for the first time.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>
    /// Whether this moves the pin of a tool that is known already: only an operator does. Two replicas may see a tool for the first time at once, one of them much later: the later of
    /// two first sights neither takes an approval back nor gives one, nor does it lift what withholds the tool.
    /// </summary>
    public bool MovesPin() => Held is not true && ApprovedBy is not null;
}

/// <summary>A server listed a tool with another definition than the one last seen, or gave other instructions.</summary>
public sealed record ToolChanged : EventData
{
    /// <summary>Server in the configuration.</summary>
    public required string Server { get; init; }

    /// <summary>Name of the tool; <c>:instructions</c>, which is no tool's, for the server's instructions.</summary>
    public required string Tool { get; init; }

    /// <summary>Digest before.</summary>
    public required Digest Previous { get; init; }

    /// <summary>Digest now.</summary>
    public required Digest Definition { get; init; }

    /// <summary>The definition as the server sends it now.</summary>
    public required RawJson Content { get; init; }

    /// <summary>Field by field, what differs.</summary>
    public required IReadOnlyList<FieldChange> Changes { get; init; }

    /// <summary>Highest risk among the changes: none | low | high.</summary>
    public required string Risk { get; init; }
}

/// <summary>One difference between two definitions.</summary>
/// <param name="Path">JSON pointer (RFC 6901).</param>
/// <param name="Before">Canonical JSON before; null when the field is new.</param>
/// <param name="After">Canonical JSON now; null when the field is gone.</param>
/// <param name="Risk">none | low | high.</param>
public sealed record FieldChange(string Path, RawJson? Before, RawJson? After, string Risk);

/// <summary>An API key came into being. Only its digest is stored: the secret has 256 random bits, so a fast hash suffices.</summary>
/// <param name="Key">Public id of the key.</param>
/// <param name="Sha256">Digest of the secret part.</param>
/// <param name="Principal">Whom it authenticates toward servers; null for a key to the API only.</param>
/// <param name="Role">Role toward the API: viewer | auditor | admin; null for none.</param>
/// <param name="Teams">Teams of the principal.</param>
/// <param name="Kind">human | service | agent.</param>
/// <param name="CreatedBy">Who made it.</param>
/// <param name="Expires">When it stops to work; null for never.</param>
public sealed record KeyCreated(string Key, Digest Sha256, string? Principal, string? Role, IReadOnlyList<string> Teams, string Kind, string CreatedBy, DateTimeOffset? Expires) : EventData;

/// <summary>An API key was revoked and no longer authenticates anyone.</summary>
/// <param name="Key">Public id of the key.</param>
/// <param name="RevokedBy">Who revoked it.</param>
public sealed record KeyRevoked(string Key, string RevokedBy) : EventData;

/// <summary>A configuration took effect.</summary>
/// <param name="Policy">Digest of the policy in force from now on.</param>
/// <param name="Servers">Names of the servers that can be reached.</param>
/// <param name="PublishedBy">start | reload by whom.</param>
public sealed record PolicyPublished(Digest Policy, IReadOnlyList<string> Servers, string PublishedBy) : EventData;

/// <summary>The sealer signed the state of a partition's tree.</summary>
/// <param name="Partition">Such as <c>calls-0</c>.</param>
/// <param name="Origin">The log's origin line.</param>
/// <param name="Size">Leaves in the tree.</param>
/// <param name="Root">Root of the tree.</param>
/// <param name="Generation">The sealer's fencing generation.</param>
public sealed record CheckpointSigned(string Partition, string Origin, long Size, Digest Root, long Generation) : EventData;

/// <summary>The signing key was replaced.</summary>
/// <param name="Old">Verifier key (vkey) that signed until now; null for the first key.</param>
/// <param name="New">Verifier key that signs from now on.</param>
/// <param name="RotatedBy">Who rotated it.</param>
public sealed record SigningKeyRotated(string? Old, string New, string RotatedBy) : EventData;

/// <summary>The sealer found a record that breaks its chain or cannot be read.</summary>
/// <param name="Partition">Such as <c>calls-0</c>.</param>
/// <param name="Offset">Offset of the record.</param>
/// <param name="Fault">gap | reordered | duplicated | broken-link | unreadable.</param>
/// <param name="Detail">What was expected and what was found.</param>
public sealed record ChainFaultFound(string Partition, long Offset, string Fault, string Detail) : EventData;

/// <summary>An operator accepted a stretch of the log that cannot be read, and reading goes on behind it. What stood in it is lost.</summary>
/// <param name="Partition">Such as <c>calls-0</c>.</param>
/// <param name="FirstOffset">Offset of the first record that is lost.</param>
/// <param name="NextOffset">Offset of the next record that can be read.</param>
/// <param name="Segment">Name of the segment file.</param>
/// <param name="Position">Byte of the file at which the stretch begins.</param>
/// <param name="Length">Bytes of the stretch.</param>
/// <param name="Sha256">Digest of those bytes as they were accepted.</param>
/// <param name="AcceptedBy">Who.</param>
/// <param name="Reason">Why, in the operator's words.</param>
public sealed record DamageAccepted(
    string Partition, long FirstOffset, long NextOffset, string Segment, long Position, long Length, Digest Sha256, string AcceptedBy, string Reason) : EventData;

/// <summary>Retention removed a sealed segment. Proofs of its leaves still verify against checkpoints.</summary>
/// <param name="Partition">Such as <c>calls-0</c>.</param>
/// <param name="FirstOffset">First offset that is gone.</param>
/// <param name="LastOffset">Last offset that is gone.</param>
/// <param name="Bytes">Bytes freed.</param>
/// <param name="Reason">age | size.</param>
public sealed record SegmentDropped(string Partition, long FirstOffset, long LastOffset, long Bytes, string Reason) : EventData;

/// <summary>Where the ledger is stored is no longer what its promises need: a topic's setting differs from what it was made with.</summary>
/// <param name="Store">The topic.</param>
/// <param name="Setting">Name of the setting.</param>
/// <param name="Expected">What it should be.</param>
/// <param name="Found">What it is.</param>
public sealed record LedgerDrifted(string Store, string Setting, string Expected, string Found) : EventData;

/// <summary>Somebody read the ledger or changed how it is kept, through the API or the command line.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Action">search | read | tail | export | rebuild | retention | replay | reload | approve | damage | rotate.</param>
/// <param name="Detail">The query, the id or the target.</param>
public sealed record AccessGranted(string Actor, string Action, string Detail) : EventData;
