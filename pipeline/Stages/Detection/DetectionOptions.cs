using System.Collections.Immutable;
using McpLedger.Contracts.Events;
using McpLedger.Detectors.Behaviour;

namespace McpLedger.Stages.Detection;

/// <summary>How the log is watched.</summary>
public sealed record DetectionOptions
{
    // With fewer a session would be forgotten between two of its calls, whatever there is room for.
    private const int FewestSessions = 256;
    private const int FewestAgents = 64;

    /// <summary>The data folder: positions go to <c>detection/</c>.</summary>
    public required string Folder { get; init; }

    /// <summary>Source that the stage's events carry: <c>/{role}/{instance}/{boot epoch}</c>.</summary>
    public required string Source { get; init; }

    /// <summary>What follows from a finding.</summary>
    public DetectionPolicy Policy { get; init; } = new();

    /// <summary>Folder of the injection model; null for the one that comes with the program.</summary>
    public string? InjectionModel { get; init; }

    /// <summary>Folder of the session model; null for the one that comes with the program.</summary>
    public string? BehaviourModel { get; init; }

    /// <summary>Bounds on sessions and agents, of all partitions of calls together.</summary>
    public BehaviourLimits Limits { get; init; } = BehaviourLimits.Default;

    /// <summary>Records before its position that a stage reads again when it starts, to know the sessions that are under way.</summary>
    public int WarmUp { get; init; } = 20_000;

    /// <summary>So long after a call's event the gateway may say what it found in it; what the control log has not got by then is said by the stage.</summary>
    public TimeSpan GatewayGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Findings an hour of one principal that are high, and as many others; what is beyond is counted and not said, critical ones and those excepted that somebody is stopped or slowed down for.</summary>
    public int FindingsPerHour { get; init; } = 120;

    /// <summary>Events older than this stop and slow down nobody any more: they are found, that is all. Whoever takes a partition over without its position finds them, and raises nothing where detection spoke before.</summary>
    public TimeSpan EffectAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The share of each partition in <see cref="Limits"/>: all of them, since the next rebalancing may bring any of them here.</summary>
    internal BehaviourLimits LimitsOfEach(IEnumerable<LedgerPartition> partitions)
    {
        var watched = Math.Max(1, partitions.Count(static p => p.Log == LedgerLog.Calls));
        return Limits with { MaxSessions = Share(Limits.MaxSessions, FewestSessions), MaxAgents = Share(Limits.MaxAgents, FewestAgents) };

        int Share(int most, int fewest) => Math.Max(most / watched, Math.Min(most, fewest));
    }
}

/// <summary>What follows from a finding, by detector.</summary>
public sealed record DetectionPolicy
{
    /// <summary>By detector's name; what is not named alerts and nothing else.</summary>
    public ImmutableDictionary<string, DetectorPolicy> Detectors { get; init; } = ImmutableDictionary<string, DetectorPolicy>.Empty;

    /// <summary>Labels that are written to the log when they become true of a session.</summary>
    public ImmutableArray<string> Labels { get; init; } = [SessionLabels.Flagged];

    /// <summary>What tools do to the flow of data, by <c>server/tool</c>; a name may end in <c>*</c>. What is not named is guessed from its name.</summary>
    public ImmutableArray<(string Pattern, ToolTraits Traits)> Tools { get; init; } = [];

    /// <summary>What holds for a detector.</summary>
    public DetectorPolicy Of(string detector) => Detectors.GetValueOrDefault(detector, DetectorPolicy.Alert);

    /// <summary>What a tool does.</summary>
    public ToolTraits TraitsOf(string server, string tool)
    {
        var name = $"{server}/{tool}";
        foreach (var (pattern, traits) in Tools)
        {
            if (pattern.EndsWith('*') ? name.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal) : string.Equals(name, pattern, StringComparison.Ordinal))
            {
                return traits;
            }
        }

        return ToolNames.Guess(tool);
    }
}

/// <summary>What follows from what one detector finds.</summary>
public sealed record DetectorPolicy
{
    /// <summary>It alerts, and that is all.</summary>
    public static DetectorPolicy Alert { get; } = new();

    /// <summary>False leaves the detector out.</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>Findings that matter less are not raised.</summary>
    public Severity Least { get; init; } = Severity.Medium;

    /// <summary>From which severity on <see cref="Action"/> follows.</summary>
    public Severity ActFrom { get; init; } = Severity.High;

    /// <summary>What follows besides the alert.</summary>
    public DetectionAction Action { get; init; }

    /// <summary>Whether it holds the whole principal, or only the session.</summary>
    public bool HoldsPrincipal { get; init; }

    /// <summary>How long.</summary>
    public TimeSpan For { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Calls a minute that a throttle lets pass.</summary>
    public int PerMinute { get; init; } = 6;
}

/// <summary>What follows from a finding besides the alert.</summary>
public enum DetectionAction
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The agent is slowed down.</summary>
    Throttle = 1,

    /// <summary>The agent is stopped.</summary>
    Stop = 2,
}
