namespace McpLedger.Detectors.Behaviour;

/// <summary>Bounds of what is remembered, and what a session may cost.</summary>
public sealed record BehaviourLimits
{
    /// <summary>The limits that hold where nobody configured others.</summary>
    public static BehaviourLimits Default { get; } = new();

    /// <summary>Sessions that are remembered (some 8 KiB each, up to 80 KiB where an agent writes much and reads much that is suspicious); of whoever has most of them the one that rested longest is forgotten first.</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Agents whose habits are remembered (up to 300 KiB each); of whoever has most of them the one that rested longest is forgotten first.</summary>
    public int MaxAgents { get; init; } = 1_000;

    /// <summary>Tokens that a session may cost, four bytes each; null for any number.</summary>
    public double? SessionTokens { get; init; }

    /// <summary>So long before the budget will be spent a forecast is a finding.</summary>
    public TimeSpan ForecastHorizon { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes that a session may give to sinks before their volume can be a finding.</summary>
    public long OutboundBytes { get; init; } = 256 * 1024;

    /// <summary>After so long a rest a session begins anew.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromHours(2);

    /// <summary>So long after a signal the same is one again, by kind: when what followed from it is over, and an hour where nobody says otherwise.</summary>
    public Func<BehaviourKind, TimeSpan> SayAgain { get; init; } = static _ => TimeSpan.FromHours(1);
}
