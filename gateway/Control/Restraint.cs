using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Control;

/// <summary>Whom a stop or a throttle holds: a principal, all of it or only one client or session of it.</summary>
internal readonly record struct RestraintScope(string Principal, string? Client, string? Session)
{
    /// <summary>Whether it is all of the principal.</summary>
    public bool IsWide => Client is null && Session is null;

    /// <summary>Whether a release of <paramref name="released"/> reaches this.</summary>
    public bool IsWithin(in RestraintScope released) =>
        string.Equals(Principal, released.Principal, StringComparison.Ordinal)
        && (released.Client is null || string.Equals(Client, released.Client, StringComparison.Ordinal))
        && (released.Session is null || string.Equals(Session, released.Session, StringComparison.Ordinal));
}

/// <summary>A stop, or a throttle where it says how many calls a minute still pass.</summary>
/// <param name="Scope">Whom it holds.</param>
/// <param name="Until">Until when; null until it is released.</param>
/// <param name="PerMinute">Calls a minute that still pass; null for none.</param>
/// <param name="Reason">Why, in words that a model can read.</param>
/// <param name="Finding">The finding that led to it.</param>
internal sealed record Restraint(in RestraintScope Scope, DateTimeOffset? Until, int? PerMinute, string Reason, EventId? Finding)
{
    public bool IsOver(DateTimeOffset now) => Until is { } until && until <= now;

    /// <summary>Both in one, for the same scope: until the last of them ends, as slow as the slower. The one that lasts longer says why.</summary>
    public Restraint And(Restraint later)
    {
        var lasting = Until is null || later.Until < Until ? this : later;
        return lasting with { PerMinute = later.PerMinute < PerMinute ? later.PerMinute : PerMinute };
    }
}
