using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>What was measured of behaviour, by run. Shares are between 0 and 1.</summary>
public sealed record BehaviourReport
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Its digest.</summary>
    public required string Digest { get; init; }

    /// <summary>Clean runs.</summary>
    public required int Clean { get; init; }

    /// <summary>Hijacked runs.</summary>
    public required int Hijacked { get; init; }

    /// <summary>Runs that met an attack and did not follow it.</summary>
    public required int Attacked { get; init; }

    /// <summary>Hijacked against clean runs: fused, and single signals.</summary>
    public required IReadOnlyList<FusionRow> Scores { get; init; }

    /// <summary>At the thresholds of the model.</summary>
    public required IReadOnlyList<ShippedRow> Shipped { get; init; }

    /// <summary>Loops put into clean runs, as the rules tell them.</summary>
    public required IReadOnlyList<LoopRow> Loops { get; init; }

    /// <summary>Share of clean runs in which the rules see a loop.</summary>
    public required double LoopFalseAlarms { get; init; }

    /// <summary>The same over all runs, attacked ones included; some do go in circles.</summary>
    public required double LoopAlarmsInAllRuns { get; init; }

    /// <summary>All faults, as the model tells them.</summary>
    public required IReadOnlyList<LoopRow> Runaway { get; init; }

    /// <summary>Share of clean runs that the model calls run away.</summary>
    public required double RunawayFalseAlarms { get; init; }

    /// <summary>Clean runs in a thousand in which a rule sees a loop.</summary>
    public required IReadOnlyList<AlertRow> LoopRules { get; init; }

    /// <summary>Clean runs in a thousand with a signal of a kind, those of the lowest level left out.</summary>
    public required IReadOnlyList<AlertRow> AlertsPerThousand { get; init; }
}

/// <summary>How well a score tells hijacked from clean runs.</summary>
public sealed record FusionRow(string Name, double Auc, IReadOnlyList<RateRow> Rates);

/// <summary>Shares of runs that are flagged as shipped.</summary>
public sealed record ShippedRow(string Name, double Clean, double Hijacked, double Attacked);

/// <summary>A fault: how many runs held it, the share that was told, the longest delay in calls, and the share told within four.</summary>
public sealed record LoopRow(string Fault, int Runs, double Recall, int LongestDelay, double WithinFour);

/// <summary>Clean runs in a thousand with a signal of this kind or rule.</summary>
public sealed record AlertRow(string Kind, double PerThousand);
