using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Gateway.Tests;

/// <summary>A ledger that does not take the events a test names, or lets something happen when it did.</summary>
internal sealed class FaultyLedger(ILedgerWriter ledger) : ILedgerWriter
{
    private volatile string? _refused;

    /// <summary>Type of the events that are not taken, or <c>*</c>; null for none.</summary>
    public string? Refused
    {
        get => _refused;
        set => _refused = value;
    }

    /// <summary>What happens once events of a type are taken and before who recorded them is told; null for nothing.</summary>
    public (string Type, Func<Task> Do)? Meanwhile { get; set; }

    public async ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken)
    {
        var isMeant = Meanwhile is { } then && IsOf(draft, then.Type);
        if (_refused is { } type && (type == "*" || IsOf(draft, type)))
        {
            return new(AppendStatus.Unavailable, default, 0);
        }

        var appended = await ledger.AppendAsync(draft, cancellationToken);
        await (isMeant ? Meanwhile!.Value.Do() : Task.CompletedTask);
        return appended;
    }

    private static bool IsOf(EventDraft draft, string type) => Encoding.UTF8.GetString(draft.Tail.Span).Contains($"\"type\":\"{type}\"", StringComparison.Ordinal);
}
