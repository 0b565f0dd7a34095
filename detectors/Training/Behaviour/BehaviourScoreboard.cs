using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>Measures behaviour on the runs of models that nothing was tuned on.</summary>
public static class BehaviourScoreboard
{
    private const int MostDelay = 4;
    private static readonly double[] Rates = [0.01, 0.05];

    /// <summary>Replays runs and counts; null when the folder has no <c>traces/</c>.</summary>
    public static BehaviourReport? Run(BehaviourModel model, InjectionModel injection, ScoreboardRequest request, IProgress<string> progress)
    {
        var path = Path.Combine(request.Data, BehaviourTraining.TracesFile);
        if (!File.Exists(path))
        {
            return null;
        }

        progress.Report("replaying runs of agents");
        var all = Trace.ReadAll(path);
        var replay = new TraceReplay(new(injection), model, BehaviourLimits.Default);
        var habits = all.Select(trace => trace.Suite).Distinct(StringComparer.Ordinal).ToDictionary(
            suite => suite,
            suite => replay.Habits(all.Where(trace => BehaviourTraining.Tuning.Contains(trace.Model) && trace.Suite == suite && trace.Outcome == Trace.Clean)),
            StringComparer.Ordinal);
        Trace[] reporting = [.. all.Where(trace => !BehaviourTraining.Tuning.Contains(trace.Model) && trace.Calls > 0).Where((_, i) => !request.IsQuick || i % 40 == 0)];
        var seed = 1UL;
        Measured[] runs = [.. reporting.Select(trace => new Measured(trace, replay.Run(trace, habits[trace.Suite], seed++)))];
        progress.Report("replaying runs with faults");
        var faults = FaultInjection.All.ToDictionary(fault => fault, fault => Faulty(fault, reporting, replay, habits));
        return new()
        {
            Model = model.Id,
            Digest = model.Digest,
            Clean = runs.Count(run => run.Trace.Outcome == Trace.Clean),
            Hijacked = runs.Count(run => run.Trace.Outcome == Trace.Hijacked),
            Attacked = runs.Count(run => run.Trace.Outcome is not (Trace.Clean or Trace.Hijacked)),
            Scores =
            [
                RowOf("fusion", runs, run => BehaviourTraining.Highest(model.Hijack, run)),
                RowOf("most unusual text alone", runs, run => Highest(run, BehaviourFeature.MaxTail)),
                RowOf("provenance alone", runs, run => Highest(run, BehaviourFeature.EffectProvenanceWeight)),
                RowOf("surprise alone", runs, run => Highest(run, BehaviourFeature.MaxSurprise)),
            ],
            Shipped = [.. new[] { (model.HijackThreshold, "hijack"), (model.HijackCertain, "hijack, high") }.Select(each => ShippedOf(each.Item2, runs, run => BehaviourTraining.Highest(model.Hijack, run) >= each.Item1))],
            Loops = [.. FaultInjection.Loops.Select(fault => LoopOf(fault, faults[fault]))],
            LoopFalseAlarms = Share(runs, run => run.Trace.Outcome == Trace.Clean, IsLoop),
            LoopAlarmsInAllRuns = Share(runs, _ => true, IsLoop),
            Runaway = [.. FaultInjection.All.Select(fault => RunawayOf(fault, faults[fault], model))],
            RunawayFalseAlarms = Share(runs, run => run.Trace.Outcome == Trace.Clean, run => BehaviourTraining.Highest(model.Runaway, run) >= model.RunawayThreshold),
            LoopRules = [.. runs.Where(run => run.Trace.Outcome == Trace.Clean).SelectMany(run => run.Run.Signals.Where(IsLoop).Select(signal => signal.Signal.Rule ?? "").Distinct(StringComparer.Ordinal)).CountBy(rule => rule)
                .OrderBy(rule => rule.Key, StringComparer.Ordinal).Select(rule => new AlertRow(rule.Key, 1000.0 * rule.Value / Math.Max(1, runs.Count(run => run.Trace.Outcome == Trace.Clean))))],
            AlertsPerThousand = [.. Enum.GetValues<BehaviourKind>().Select(kind => new AlertRow(kind.ToString(), 1000 * Share(runs, run => run.Trace.Outcome == Trace.Clean, run => run.Signals.Any(signal => signal.Signal.Kind == kind && signal.Signal.Level > BehaviourLevel.Low))))],
        };
    }

    private static double Highest(ReplayedRun run, BehaviourFeature feature) => run.Rows.Count == 0 ? 0 : run.Rows.Max(row => row.Vector[(int)feature]);

    private static bool IsLoop(ReplayedRun run) => run.Signals.Any(IsLoop);

    private static bool IsLoop((int Call, BehaviourSignal Signal) signal) => signal.Signal is { Kind: BehaviourKind.Loop, IsModel: false };

    private static FusionRow RowOf(string name, Measured[] runs, Func<ReplayedRun, double> score)
    {
        double[] Scores(Func<Trace, bool> which) => [.. runs.Where(run => which(run.Trace)).Select(run => score(run.Run)).OrderDescending()];
        var (clean, hijacked) = (Scores(trace => trace.Outcome == Trace.Clean), Scores(trace => trace.Outcome == Trace.Hijacked));
        return new(
            name,
            Metrics.Auc([.. hijacked.Select(each => new WeightedScore(each, 1))], [.. clean.Select(each => new WeightedScore(each, 1))]),
            [.. Rates.Select(rate => AtRate(clean, hijacked, rate))]);
    }

    private static RateRow AtRate(double[] clean, double[] hijacked, double rate)
    {
        var threshold = clean.Length == 0 ? 0 : clean[Math.Min(clean.Length - 1, (int)(rate * clean.Length))];
        double[] hits = [.. hijacked.Select(score => score > threshold ? 1.0 : 0)];
        var dice = new Dice(9);
        var means = Enumerable.Range(0, 400).Select(_ => hits.Length == 0 ? double.NaN : Enumerable.Range(0, hits.Length).Average(_ => hits[dice.Below(hits.Length)])).Order().ToArray();
        return new(rate, hits.Length == 0 ? double.NaN : hits.Average(), means[10], means[^11]);
    }

    private static ShippedRow ShippedOf(string name, Measured[] runs, Func<ReplayedRun, bool> isFlagged) => new(
        name,
        Share(runs, run => run.Trace.Outcome == Trace.Clean, isFlagged),
        Share(runs, run => run.Trace.Outcome == Trace.Hijacked, isFlagged),
        Share(runs, run => run.Trace.Outcome is not (Trace.Clean or Trace.Hijacked), isFlagged));

    private static double Share(Measured[] runs, Func<Measured, bool> which, Func<ReplayedRun, bool> isFlagged)
    {
        Measured[] these = [.. runs.Where(which)];
        return these.Length == 0 ? double.NaN : (double)these.Count(run => isFlagged(run.Run)) / these.Length;
    }

    private static LoopRow LoopOf(Fault fault, IReadOnlyList<FaultyRun> runs) =>
        RowOf(fault, [.. runs.Select(run => run.Run.Signals.Where(signal => IsLoop(signal) && signal.Call >= run.At).Select(signal => (int?)(signal.Call - run.At + 1)).FirstOrDefault())]);

    private static LoopRow RunawayOf(Fault fault, IReadOnlyList<FaultyRun> runs, BehaviourModel model) =>
        RowOf(fault, [.. runs.Select(run => run.Run.Rows.Where(row => row.Call >= run.At && model.Runaway.Probability(row.Vector) >= model.RunawayThreshold).Select(row => (int?)(row.Call - run.At + 1)).FirstOrDefault())]);

    // Delays are calls from the first of the fault to the alarm, that one counted; null where there was none.
    private static LoopRow RowOf(Fault fault, int?[] delays)
    {
        var most = Math.Max(1, delays.Length);
        return new(fault.ToString(), delays.Length, (double)delays.Count(delay => delay is not null) / most, delays.Max() ?? 0, (double)delays.Count(delay => delay <= MostDelay) / most);
    }

    private static FaultyRun[] Faulty(Fault fault, Trace[] traces, TraceReplay replay, Dictionary<string, AgentHabits> habits)
    {
        var dice = new Dice(21);
        List<FaultyRun> runs = [];
        var seed = 5000UL;
        foreach (var trace in traces.Where(trace => trace.Outcome == Trace.Clean))
        {
            if (FaultInjection.Make(trace, fault, dice) is { } faulty)
            {
                runs.Add(new(replay.Run(faulty.Trace, habits[trace.Suite], seed++, faulty.Pace, faulty.At), faulty.At));
            }
        }

        return [.. runs];
    }

    private sealed record FaultyRun(ReplayedRun Run, int At);

    private sealed record Measured(Trace Trace, ReplayedRun Run);
}
