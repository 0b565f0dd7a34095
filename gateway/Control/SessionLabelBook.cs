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
    private readonly ConcurrentDictionary<string, ImmutableHashSet<string>> _labels = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>The labels of a session; none when it has none.</summary>
    public ImmutableHashSet<string> Of(string session) => _labels.GetValueOrDefault(session, ImmutableHashSet<string>.Empty);

    public void Apply(SessionLabelled labelled)
    {
        if (!_labels.TryGetValue(labelled.Session, out var labels))
        {
            labels = ImmutableHashSet.Create<string>(StringComparer.Ordinal);
            _order.Enqueue(labelled.Session);
        }

        if (labels.Count < MaxLabels)
        {
            _labels[labelled.Session] = labels.Add(labelled.Label);
        }

        if (_order.Count > MaxSessions)
        {
            _labels.TryRemove(_order.Dequeue(), out _);
        }
    }
}
