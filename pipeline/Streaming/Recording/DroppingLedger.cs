using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Recording;

/// <summary>
/// Stores nothing and says that it did. It breaks the promise of <see cref="ILedgerWriter"/> on purpose, so that the benchmark can tell what recording costs.
/// No configuration reaches it: only the benchmark's own wiring makes one.
/// </summary>
public sealed class DroppingLedger : ILedgerWriter
{
    private long _next;

    /// <inheritdoc/>
    public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken) =>
        new(new Appended(AppendStatus.Durable, new(draft.Log, 0), Interlocked.Increment(ref _next) - 1));
}
