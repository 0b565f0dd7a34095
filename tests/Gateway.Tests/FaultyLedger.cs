using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Gateway.Tests;

/// <summary>A ledger that does not take the events a test names.</summary>
internal sealed class FaultyLedger(ILedgerWriter ledger) : ILedgerWriter
{
    private volatile string? _refused;

    /// <summary>Type of the events that are not taken, or <c>*</c>; null for none.</summary>
    public string? Refused
    {
        get => _refused;
        set => _refused = value;
    }

    public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken) =>
        _refused is { } type && (type == "*" || Encoding.UTF8.GetString(draft.Tail.Span).Contains($"\"type\":\"{type}\"", StringComparison.Ordinal))
            ? new(new Appended(AppendStatus.Unavailable, default, 0))
            : ledger.AppendAsync(draft, cancellationToken);
}
