using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace McpLedger.Host.Configuration;

/// <summary>The stage that watches recorded calls, and what follows from what it finds.</summary>
internal sealed record DetectionSection
{
    [Description("Whether recorded calls are watched: loops, bursts, costs, hijacked agents, and text that gives instructions.")]
    public bool Enabled { get; init; } = true;

    [Description("What follows from a finding, by detector: injection, loop, burst, cost, sequence, first-use, trifecta, exfiltration, provenance, hijack. What is not named alerts from medium on and does nothing else.")]
    public ImmutableDictionary<string, DetectorSection> Detectors { get; init; } = ImmutableDictionary<string, DetectorSection>.Empty;

    [Description("Labels that are written to the log when they become true of a session: flagged, untrusted-content, private-data, can-send-out.")]
    public ImmutableArray<string> Labels { get; init; } = ["flagged"];

    [Description("What tools do to the flow of data, by server/tool (may end in *): a list of untrusted, private, sink, effect, none. What is not named is guessed from the tool's name.")]
    public ImmutableDictionary<string, ImmutableArray<string>> Tools { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    [Description("Tokens that a session may cost, four bytes each. Without it nothing is forecast.")]
    [Range(1_000, 2_000_000_000)]
    public int? SessionTokens { get; init; }

    [Description("Sessions that are watched at a time (some 8 KiB each), by all partitions together: each watches its share, and 256 at least. The one that rested longest is forgotten first.")]
    [Range(100, 1_000_000)]
    public int Sessions { get; init; } = 10_000;

    [Description("Agents whose habits are kept (up to 300 KiB each), by all partitions together: each keeps its share, and 64 at least; an agent counts in each that its sessions lie in. The one that rested longest is forgotten first.")]
    [Range(10, 100_000)]
    public int Agents { get; init; } = 1_000;

    [Description("Findings of one principal that are raised in an hour: so many from severity high on, and as many others; those by which somebody is stopped or slowed down always are.")]
    [Range(1, 100_000)]
    public int PerHour { get; init; } = 120;

    [Description("Folder of the injection model, relative to this file. Default: the one that comes with the program.")]
    public string? InjectionModel { get; init; }

    [Description("Folder of the session model, relative to this file. Default: the one that comes with the program.")]
    public string? BehaviourModel { get; init; }
}

/// <summary>What follows from what one detector finds.</summary>
internal sealed record DetectorSection
{
    [Description("false leaves the detector out.")]
    public bool Enabled { get; init; } = true;

    [Description("Findings that matter less are not raised.")]
    [AllowedValues("low", "medium", "high", "critical")]
    public string Least { get; init; } = "medium";

    [Description("What follows besides the alert: none, throttle (the agent is slowed down) or stop (its calls are refused).")]
    [AllowedValues("none", "throttle", "stop")]
    public string Action { get; init; } = "none";

    [Description("From which severity on it follows.")]
    [AllowedValues("low", "medium", "high", "critical")]
    public string From { get; init; } = "high";

    [Description("Whom it holds: the session, or the whole principal. A client can begin another session.")]
    [AllowedValues("session", "principal")]
    public string Holds { get; init; } = "session";

    [Description("How long it holds.")]
    public TimeSpan For { get; init; } = TimeSpan.FromHours(1);

    [Description("Calls a minute that a throttle lets pass.")]
    [Range(1, 100_000)]
    public int PerMinute { get; init; } = 6;
}
