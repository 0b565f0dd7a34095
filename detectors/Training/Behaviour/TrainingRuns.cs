using McpLedger.Detectors.Behaviour;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>The replayed runs of one model, for training.</summary>
internal sealed class TrainingRuns
{
    private const float CleanWeight = 3;
    private readonly List<ReplayedRun> _attacked = [];
    private readonly List<ReplayedRun> _hijacked = [];
    private readonly List<(ReplayedRun Run, int At)> _faulty = [];

    public List<ReplayedRun> Clean { get; } = [];

    /// <summary>Replays a model's runs, and faults put into its clean ones.</summary>
    public static TrainingRuns Of(Trace[] traces, string model, TraceReplay replay)
    {
        var runs = new TrainingRuns();
        var dice = new Dice(7);
        var habits = traces.Select(trace => trace.Suite).Distinct(StringComparer.Ordinal)
            .ToDictionary(suite => suite, suite => replay.Habits(traces.Where(trace => trace.Model != model && trace.Suite == suite && trace.Outcome == Trace.Clean)), StringComparer.Ordinal);
        var seed = 1UL;
        foreach (var trace in traces.Where(trace => trace.Model == model && trace.Calls > 0))
        {
            var run = replay.Run(trace, habits[trace.Suite], seed++);
            (trace.Outcome switch { Trace.Clean => runs.Clean, Trace.Hijacked => runs._hijacked, _ => runs._attacked }).Add(run);
            foreach (var fault in trace.Outcome == Trace.Clean ? FaultInjection.All : [])
            {
                if (FaultInjection.Make(trace, fault, dice) is { } faulty)
                {
                    runs._faulty.Add((replay.Run(faulty.Trace, habits[trace.Suite], seed++, faulty.Pace, faulty.At), faulty.At));
                }
            }
        }

        return runs;
    }

    /// <summary>Rows for telling hijacked sessions: those of hijacked runs count from the first suspicious text on.</summary>
    public IEnumerable<VectorRow> Hijack(float attackedWeight) =>
    [
        .. Clean.SelectMany(run => Rows(run, _ => true, label: false, CleanWeight)),
        .. _attacked.SelectMany(run => Rows(run, _ => true, label: false, attackedWeight)),
        .. _hijacked.SelectMany(run => Rows(run, row => row.Vector[(int)BehaviourFeature.MaxTail] >= FlowWatch.Suspicious, label: true, 1)),
    ];

    /// <summary>Rows for telling runaway sessions: those of a fault count from its third call on.</summary>
    public IEnumerable<VectorRow> Runaway() =>
    [
        .. Clean.Concat(_hijacked).SelectMany(run => Rows(run, _ => true, label: false, 2)),
        .. _faulty.SelectMany(faulty => Rows(faulty.Run, row => row.Call >= faulty.At + 3 && row.Call < faulty.At + 12, label: true, 1)),
    ];

    private static IEnumerable<VectorRow> Rows(ReplayedRun run, Func<(int Call, float[] Vector), bool> counts, bool label, float weight)
    {
        (int Call, float[] Vector)[] rows = [.. run.Rows.Where(counts)];
        return rows.Select(row => new VectorRow { Label = label, Weight = weight / rows.Length, Features = row.Vector });
    }
}
