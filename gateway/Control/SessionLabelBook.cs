using System.Collections.Concurrent;
using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Control;

/// <summary>Labels of sessions. Written by one follower, read by every call.</summary>
internal sealed class SessionLabelBook
{
    /// <summary>Sessions that are remembered. Of whoever has most of them the one labelled first is forgotten first: nobody makes others' labels forgotten by opening sessions.</summary>
    public const int MaxSessions = 100_000;

    private const int MaxLabels = 16;
    private readonly ConcurrentDictionary<string, ImmutableDictionary<string, DateTimeOffset>> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<string>> _sessionsOf = new(StringComparer.Ordinal);
    private readonly SortedSet<(int Count, string Principal)> _byCount = new(Comparer<(int Count, string Principal)>.Create(
        static (one, other) => one.Count != other.Count ? one.Count.CompareTo(other.Count) : string.CompareOrdinal(one.Principal, other.Principal)));

    /// <summary>The labels that a session has now; none when it has none.</summary>
    public ImmutableHashSet<string> Of(string session, DateTimeOffset now) => _labels.TryGetValue(session, out var labels)
        ? labels.Where(label => label.Value > now).Select(label => label.Key).ToImmutableHashSet(StringComparer.Ordinal)
        : ImmutableHashSet<string>.Empty;

    public void Apply(SessionLabelled labelled)
    {
        if (!_labels.TryGetValue(labelled.Session, out var labels))
        {
            labels = ImmutableDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal);
            Keep(labelled.Principal ?? "", labelled.Session);
        }

        var until = labelled.Until ?? DateTimeOffset.MaxValue;
        if (labels.TryGetValue(labelled.Label, out var known) ? known < until : labels.Count < MaxLabels)
        {
            _labels[labelled.Session] = labels.SetItem(labelled.Label, until);
        }

        if (_labels.Count > MaxSessions)
        {
            Forget(_byCount.Max.Principal);
        }
    }

    private void Keep(string principal, string session)
    {
        if (!_sessionsOf.TryGetValue(principal, out var sessions))
        {
            _sessionsOf[principal] = sessions = new();
        }

        _byCount.Remove((sessions.Count, principal));
        sessions.Enqueue(session);
        _byCount.Add((sessions.Count, principal));
    }

    private void Forget(string principal)
    {
        var sessions = _sessionsOf[principal];
        _byCount.Remove((sessions.Count, principal));
        _labels.TryRemove(sessions.Dequeue(), out _);
        if (sessions.Count == 0)
        {
            _sessionsOf.Remove(principal);
        }
        else
        {
            _byCount.Add((sessions.Count, principal));
        }
    }
}
