using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Gateway.Recording;

/// <summary>
/// Appends to the ledger under a deadline of its own, never the client's: hanging up must not unwrite a record. Never throws:
/// what is not durable has not happened, whatever the reason (I7).
/// </summary>
internal sealed class LedgerAppender(ILedgerWriter ledger, GatewayOptions options, GatewayTelemetry telemetry, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private readonly RecordDeadline _deadline = new(time, Longest);

    /// <summary>Fires when something has waited for the ledger too long.</summary>
    public CancellationToken Deadline => _deadline.Token;

    public EventDraft Draft(EventData data, string? subject, LedgerLog log, string? key) =>
        EventDraft.Write(EventId.New(time), options.Source, time.GetUtcNow(), subject, log, key, data);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a broken ledger throws, the answer is the same: nothing is durable, nothing passes.")]
    public async ValueTask<Appended> AppendAsync(EventDraft draft)
    {
        try
        {
            var appended = await ledger.AppendAsync(draft, _deadline.Token);

            // Only once the outcome is known: after a cancelled wait the ledger may still read the draft's buffer.
            draft.Dispose();
            if (!appended.IsDurable)
            {
                telemetry.RecordRefused(appended.Status);
            }

            return appended;
        }
        catch (Exception e)
        {
            telemetry.RecordFailed(e);
            return default;
        }
    }

    public void Dispose() => _deadline.Dispose();
}
