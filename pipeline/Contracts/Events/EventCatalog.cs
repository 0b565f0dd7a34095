using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;

namespace McpLedger.Contracts.Events;

/// <summary>Every type of event: its name on the log, its shape and the log it belongs to.</summary>
public static class EventCatalog
{
    private static readonly Entry[] Entries =
    [
        new("call.intended.v1", LedgerLog.Calls, EventJson.Default.CallIntended),
        new("call.refused.v1", LedgerLog.Calls, EventJson.Default.CallRefused),
        new("call.completed.v1", LedgerLog.Calls, EventJson.Default.CallCompleted),
        new("message.relayed.v1", LedgerLog.Calls, EventJson.Default.MessageRelayed),
        new("writer.started.v1", null, EventJson.Default.WriterStarted),
        new("writer.stopped.v1", null, EventJson.Default.WriterStopped),
        new("heartbeat.v1", null, EventJson.Default.Heartbeat),
        new("tool.pinned.v1", LedgerLog.Control, EventJson.Default.ToolPinned),
        new("tool.changed.v1", LedgerLog.Control, EventJson.Default.ToolChanged),
        new("key.created.v1", LedgerLog.Control, EventJson.Default.KeyCreated),
        new("key.revoked.v1", LedgerLog.Control, EventJson.Default.KeyRevoked),
        new("policy.published.v1", LedgerLog.Control, EventJson.Default.PolicyPublished),
        new("checkpoint.signed.v1", LedgerLog.Control, EventJson.Default.CheckpointSigned),
        new("signing-key.rotated.v1", LedgerLog.Control, EventJson.Default.SigningKeyRotated),
        new("chain-fault.found.v1", LedgerLog.Control, EventJson.Default.ChainFaultFound),
        new("damage.accepted.v1", LedgerLog.Control, EventJson.Default.DamageAccepted),
        new("segment.dropped.v1", LedgerLog.Control, EventJson.Default.SegmentDropped),
        new("ledger.drifted.v1", LedgerLog.Control, EventJson.Default.LedgerDrifted),
        new("access.granted.v1", LedgerLog.Control, EventJson.Default.AccessGranted),
        new("finding.raised.v1", LedgerLog.Control, EventJson.Default.FindingRaised),
        new("finding.reviewed.v1", LedgerLog.Control, EventJson.Default.FindingReviewed),
        new("session.labelled.v1", LedgerLog.Control, EventJson.Default.SessionLabelled),
        new("principal.stopped.v1", LedgerLog.Control, EventJson.Default.PrincipalStopped),
        new("principal.released.v1", LedgerLog.Control, EventJson.Default.PrincipalReleased),
    ];

    private static readonly FrozenDictionary<string, Entry> ByName = Entries.ToFrozenDictionary(e => e.Name, StringComparer.Ordinal);
    private static readonly FrozenDictionary<Type, Entry> ByType = Entries.ToFrozenDictionary(e => e.Shape.Type);

    /// <summary>The names of all types.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The name of <paramref name="data"/>'s type.</summary>
    public static string NameOf(EventData data) => ByType[data.GetType()].Name;

    /// <summary>The log that events of this type are written to; null for those every partition carries (writer started, stopped, heartbeat).</summary>
    public static LedgerLog? LogOf(EventData data) => ByType[data.GetType()].Log;

    internal static JsonTypeInfo ShapeOf(EventData data) => ByType[data.GetType()].Shape;

    internal static JsonTypeInfo? ReadingShapeOf(string name) => ByName.TryGetValue(name, out var entry) ? RecordJson.ShapeOf(entry.Shape.Type) : null;

    private sealed record Entry(string Name, LedgerLog? Log, JsonTypeInfo Shape);
}
