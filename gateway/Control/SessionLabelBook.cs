using System.Collections.Concurrent;
using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Control;

/// <summary>Labels of sessions. Written by one follower, read by every call.</summary>
internal sealed class SessionLabelBook
{
    /// <summary>Sessions that are remembered; the one labelled first is forgotten first.</summary>
    public const int MaxSessions = 100_000;

    private const int MaxLabels = 16;
    private readonly ConcurrentDictionary<string, ImmutableDictionary<string, DateTimeOffset>> _labels = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>The labels that a session has now; none when it has none.</summary>
    public ImmutableHashSet<string> Of(string session, DateTimeOffset now) => _labels.TryGetValue(session, out var labels)
        ? labels.Where(label => label.Value > now).Select(label => label.Key).ToImmutableHashSet(StringComparer.Ordinal)
        : ImmutableHashSet<string>.Empty;

    public void Apply(SessionLabelled labelled)
    {
        if (!_labels.TryGetValue(labelled.Session, out var labels))
        {
            labels = ImmutableDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal);
            _order.Enqueue(labelled.Session);
        }

        var until = labelled.Until ?? DateTimeOffset.MaxValue;
        if (labels.TryGetValue(labelled.Label, out var known) ? known < until : labels.Count < MaxLabels)
        {
            _labels[labelled.Session] = labels.SetItem(labelled.Label, until);
        }

        if (_order.Count > MaxSessions)
        {
            _labels.TryRemove(_order.Dequeue(), out _);
        }
    }
}
