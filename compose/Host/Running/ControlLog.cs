using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Running;

/// <summary>Writes the host's own events: keys, access, rotations.</summary>
/// <param name="writer">The ledger.</param>
/// <param name="source">Source that they carry: <c>/host/{instance}/{boot epoch}</c>.</param>
/// <param name="time">The clock.</param>
internal sealed class ControlLog(ILedgerWriter writer, string source, TimeProvider time)
{
    /// <returns>Whether it is durable; what it announces must not happen otherwise (I1).</returns>
    public async ValueTask<bool> TryAppendAsync(string? subject, EventData data, CancellationToken cancellationToken)
    {
        using var draft = EventDraft.Write(EventId.New(time), source, time.GetUtcNow(), subject, LedgerLog.Control, null, data);
        return (await writer.AppendAsync(draft, cancellationToken)).IsDurable;
    }
}
