using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Recording;

/// <summary>
/// Recording that nobody waits for (mode <c>best-effort</c>): an append hands the event to the ledger's bounded queue and returns at once, without a place.
/// What the ledger does not take or cannot store is dropped, counted in <see cref="LedgerCounters.Dropped"/>, which heartbeats carry, and told loudly.
/// </summary>
/// <param name="ledger">The ledger, whose own queue is the bound.</param>
/// <param name="counters">Where losses are counted.</param>
/// <param name="telemetry">Where they are told.</param>
public sealed class BestEffortWriter(ILedgerWriter ledger, LedgerCounters counters, BestEffortTelemetry telemetry) : ILedgerWriter
{
    /// <summary>Hands the event over without waiting.</summary>
    /// <returns><see cref="AppendStatus.Durable"/> means here only that the caller may go on: in this mode nothing is promised.</returns>
    public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken)
    {
        _ = WatchAsync(ledger.AppendAsync(draft, CancellationToken.None));
        return new(new Appended(AppendStatus.Durable, new(draft.Log, 0), 0));
    }

    private async Task WatchAsync(ValueTask<Appended> appending)
    {
        var appended = await appending.ConfigureAwait(false);
        if (!appended.IsDurable)
        {
            counters.CountDropped();
            telemetry.Dropped(appended.Status, counters.Dropped);
        }
    }
}
