using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Control;

/// <summary>
/// Every stop and throttle in force. One of each for a scope: while an earlier one is not over, a later one can make it longer or slower and never weaker; only a release does that.
/// </summary>
internal sealed class RestraintBook
{
    /// <summary>So many restraints are kept apart. For one more of a single session or client, those of the principal who has most of them become one that holds all of it, since none may be forgotten (I7).</summary>
    public const int MaxNarrow = 50_000;

    private readonly ImmutableDictionary<RestraintScope, Restraint> _stops;
    private readonly ImmutableDictionary<RestraintScope, Restraint> _throttles;

    private RestraintBook(ImmutableDictionary<RestraintScope, Restraint> stops, ImmutableDictionary<RestraintScope, Restraint> throttles) =>
        (_stops, _throttles) = (stops, throttles);

    public static RestraintBook Empty { get; } = new(ImmutableDictionary<RestraintScope, Restraint>.Empty, ImmutableDictionary<RestraintScope, Restraint>.Empty);

    public int Count => _stops.Count + _throttles.Count;

    /// <summary>Moves on by a stop, said at <paramref name="at"/>. What was over by then is dropped.</summary>
    public RestraintBook After(PrincipalStopped stopped, DateTimeOffset at)
    {
        var scope = new RestraintScope(stopped.Principal, stopped.Client, stopped.Session);
        return stopped.PerMinute is null
            ? new(With(_stops, scope, stopped, at), _throttles)
            : new(_stops, With(_throttles, scope, stopped, at));
    }

    public RestraintBook After(PrincipalReleased released)
    {
        var scope = new RestraintScope(released.Principal, released.Client, released.Session);
        return new(Without(_stops, scope), Without(_throttles, scope));
    }

    /// <summary>The stop that holds a caller now; null when none does.</summary>
    public Restraint? FindStop(string principal, string? client, string session, DateTimeOffset now) => _stops.IsEmpty ? null : Find(_stops, principal, client, session, now).FirstOrDefault();

    /// <summary>The throttles that hold a caller now, the slowest first.</summary>
    public IReadOnlyList<Restraint> ThrottlesOf(string principal, string? client, string session, DateTimeOffset now) =>
        _throttles.IsEmpty ? [] : [.. Find(_throttles, principal, client, session, now).OrderBy(throttle => throttle.PerMinute)];

    /// <summary>All that holds a principal now, whole or in part: stops and throttles.</summary>
    public IReadOnlyList<Restraint> Of(string principal, DateTimeOffset now) =>
        [.. _stops.Values.Concat(_throttles.Values).Where(each => string.Equals(each.Scope.Principal, principal, StringComparison.Ordinal) && !each.IsOver(now))];

    private static List<Restraint> Find(ImmutableDictionary<RestraintScope, Restraint> restraints, string principal, string? client, string session, DateTimeOffset now)
    {
        List<Restraint> found = [];
        Look(new(principal, null, null));
        Look(new(principal, null, session));
        if (client is not null)
        {
            Look(new(principal, client, null));
            Look(new(principal, client, session));
        }

        return found;

        void Look(in RestraintScope scope)
        {
            if (restraints.TryGetValue(scope, out var restraint) && !restraint.IsOver(now))
            {
                found.Add(restraint);
            }
        }
    }

    private static ImmutableDictionary<RestraintScope, Restraint> With(
        ImmutableDictionary<RestraintScope, Restraint> restraints, RestraintScope scope, PrincipalStopped stopped, DateTimeOffset at)
    {
        if (restraints.Count >= MaxNarrow && !scope.IsWide && !restraints.ContainsKey(scope))
        {
            restraints = restraints.RemoveRange(restraints.Values.Where(restraint => restraint.IsOver(at)).Select(restraint => restraint.Scope));
            restraints = restraints.Count >= MaxNarrow ? Widened(restraints) : restraints;
        }

        var later = new Restraint(scope, stopped.Until, stopped.PerMinute, stopped.Reason, stopped.Finding);
        return restraints.SetItem(scope, restraints.TryGetValue(scope, out var earlier) && !earlier.IsOver(at) ? earlier.And(later) : later);
    }

    // Every replica folds the same log, so the one who has most must be the same to all.
    private static ImmutableDictionary<RestraintScope, Restraint> Widened(ImmutableDictionary<RestraintScope, Restraint> restraints)
    {
        var largest = restraints.Values.Where(each => !each.Scope.IsWide).GroupBy(each => each.Scope.Principal, StringComparer.Ordinal)
            .OrderByDescending(each => each.Count()).ThenBy(each => each.Key, StringComparer.Ordinal).FirstOrDefault();
        if (largest is null)
        {
            return restraints;
        }

        var wide = new RestraintScope(largest.Key, null, null);
        var ordered = largest.OrderBy(each => each.Scope.Session, StringComparer.Ordinal).ThenBy(each => each.Scope.Client, StringComparer.Ordinal);
        var all = (restraints.TryGetValue(wide, out var known) ? ordered.Prepend(known) : ordered).Select(each => each with { Scope = wide }).Aggregate(static (one, other) => one.And(other));
        return restraints.RemoveRange(largest.Select(each => each.Scope)).SetItem(wide, all);
    }

    private static ImmutableDictionary<RestraintScope, Restraint> Without(ImmutableDictionary<RestraintScope, Restraint> restraints, RestraintScope released) =>
        restraints.RemoveRange(restraints.Keys.Where(scope => scope.IsWithin(released)));
}
