using System.Security.Cryptography;
using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>What a session model is trained from and where it goes.</summary>
public sealed record BehaviourTrainingRequest
{
    /// <summary>The folder that has <c>traces/</c>.</summary>
    public required string Data { get; init; }

    /// <summary>The model folder that is written.</summary>
    public required string Output { get; init; }

    /// <summary>The new model's name.</summary>
    public required string Id { get; init; }
}

/// <summary>Runs in, folder of a session model out. Trained on the runs of two models; those of all others are for reporting.</summary>
public static class BehaviourTraining
{
    internal const string TracesFile = "traces/agentdyn_runs.jsonl.gz";
    internal static readonly string[] Tuning = ["gpt-4o-mini-2024-07-18", "google_gemini-2.5-flash"];
    private const float AttackedWeight = 0.2f;

    // Where clean runs hardly score at all their rate alone would set thresholds that every session passes which an attack only reached: what is called hijacked should be likelier so than not.
    private const double LeastHijack = 0.5;
    private const double LeastCertain = 0.8;
    private const double LeastRunaway = 0.9;

    /// <summary>Trains both ensembles, sets their thresholds on runs that they were not trained on, and writes the folder.</summary>
    /// <returns>The new model's digest.</returns>
    public static string Run(BehaviourTrainingRequest request, InjectionModel injection, IProgress<string> progress)
    {
        Directory.CreateDirectory(request.Output);
        progress.Report("reading runs");
        Trace[] traces = [.. Trace.ReadAll(Path.Combine(request.Data, TracesFile)).Where(trace => Tuning.Contains(trace.Model))];
        var replay = new TraceReplay(new(injection), null, BehaviourLimits.Default);
        progress.Report("replaying runs");
        // Each half is replayed by an agent that is used to the other half's clean runs: nobody is used to what he is about to do.
        TrainingRuns[] halves = [.. Tuning.Select(model => TrainingRuns.Of(traces, model, replay))];
        progress.Report("growing trees");
        var trainer = new TreeTrainer();
        var (hijack, _) = trainer.Train([.. halves.SelectMany(half => half.Hijack(AttackedWeight))]);
        var (runaway, _) = trainer.Train([.. halves.SelectMany(half => half.Runaway())]);
        progress.Report("setting thresholds");
        var hijackScores = CrossScores(halves, half => half.Hijack(AttackedWeight), trainer);
        var runawayScores = CrossScores(halves, half => half.Runaway(), trainer);
        var manifest = new BehaviourManifest
        {
            Format = 1, Id = request.Id, InjectionDigest = injection.Digest,
            Files = new(StringComparer.Ordinal) { ["hijack.bin"] = Write(hijack, request.Output, "hijack.bin"), ["runaway.bin"] = Write(runaway, request.Output, "runaway.bin") },
            HijackThreshold = Math.Max(LeastHijack, Above(hijackScores, 0.05)), HijackCertain = Math.Max(LeastCertain, Above(hijackScores, 0.01)), RunawayThreshold = Math.Max(LeastRunaway, Above(runawayScores, 0.01)),
        };
        var json = BehaviourModel.Manifest(manifest);
        File.WriteAllBytes(Path.Combine(request.Output, BehaviourModel.FileName), json);
        return Convert.ToHexStringLower(SHA256.HashData(json));
    }

    /// <summary>The highest probability of each clean run, by trees that were grown on the other half.</summary>
    private static double[] CrossScores(TrainingRuns[] halves, Func<TrainingRuns, IEnumerable<VectorRow>> rows, TreeTrainer trainer)
    {
        List<double> scores = [];
        for (var i = 0; i < halves.Length; i++)
        {
            var (trees, _) = trainer.Train([.. rows(halves[1 - i])]);
            scores.AddRange(halves[i].Clean.Select(run => Highest(trees, run)));
        }

        return [.. scores.OrderDescending()];
    }

    internal static double Highest(TreeEnsemble trees, ReplayedRun run) => run.Rows.Count == 0 ? 0 : run.Rows.Max(row => trees.Probability(row.Vector));

    // Half-way to the next lower score, rounded so that it reads well.
    private static double Above(double[] descending, double rate)
    {
        var at = Math.Clamp((int)(rate * descending.Length), 0, descending.Length - 1);
        return Math.Round(Math.Clamp(descending[at] + 0.0005, 0.0005, 0.9995), 4);
    }

    private static string Write(TreeEnsemble trees, string folder, string name)
    {
        using var bytes = new MemoryStream();
        trees.Write(bytes);
        File.WriteAllBytes(Path.Combine(folder, name), bytes.ToArray());
        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }
}
