using System.Diagnostics;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training;

/// <summary>How a trained model is continued on labels alone, where nobody has the corpora that it was trained on.</summary>
public sealed record TuningRequest
{
    /// <summary>The model folder that is continued. It stays as it is.</summary>
    public required string Base { get; init; }

    /// <summary>The model folder that is written.</summary>
    public required string Output { get; init; }

    /// <summary>The new model's name.</summary>
    public required string Id { get; init; }

    /// <summary>What an analyst confirmed or rejected.</summary>
    public required IReadOnlyList<LabelledText> Labelled { get; init; }

    /// <summary>The order in which labels are learnt.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>
/// A model folder and labelled texts in, another model folder out. Gate, curves and probabilities stay the base's, for they were read off benign texts that are not there; a threshold rises where labels that were not learnt from
/// say so, and within bounds: findings that were rejected are a biased sample of what is benign.
/// </summary>
public static class ModelTuning
{
    // Of fewer rejected texts one in twenty says nothing.
    private const int LeastRejected = 20;
    private const double RejectedRate = 0.05;

    // Twice as rare: what a threshold can lose in recall is bounded, whatever was rejected.
    private const double MostRaised = 0.301;

    private static readonly bool[] Kinds = [true, false];

    /// <summary>Continues every channel that has labels and writes the folder.</summary>
    /// <returns>The new model's digest.</returns>
    /// <exception cref="InvalidDataException">The base is no model folder.</exception>
    public static string Run(TuningRequest request, IProgress<string> progress)
    {
        var began = Stopwatch.GetTimestamp();
        if (Path.GetFullPath(request.Base) == Path.GetFullPath(request.Output))
        {
            throw new InvalidDataException("A model is continued into another folder than its own.");
        }

        using var model = InjectionModel.Open(request.Base);
        var manifest = ModelManifest.Read(File.ReadAllBytes(Path.Combine(request.Base, ModelManifest.FileName))) with { Id = request.Id };
        var based = $"`{model.Id}`, digest `{model.Digest}`";
        Copy(request, manifest);
        List<TunedRow> rows = [];
        foreach (var channel in Board.All.Select(board => board.Channel))
        {
            LabelledText[] labels = [.. request.Labelled.Where(row => ModelTraining.ChannelOf(row) == channel)];
            if (labels.Length > 0)
            {
                progress.Report($"continuing on {labels.Length} labels of {InjectionModel.NameOf(channel)}");
                rows.AddRange(Tune(request, manifest, model, channel, labels));
            }
        }

        File.WriteAllBytes(Path.Combine(request.Output, ModelManifest.FileName), manifest.Write());
        ModelCard.Write(request, based, rows, Stopwatch.GetElapsedTime(began));
        using var tuned = InjectionModel.Open(request.Output);
        return tuned.Digest;
    }

    private static IEnumerable<TunedRow> Tune(TuningRequest request, ModelManifest manifest, InjectionModel model, TextChannel channel, LabelledText[] labels)
    {
        var name = InjectionModel.NameOf(channel);
        var calibrated = manifest.Channels[name];
        var weights = Clusters.Weights(Clusters.ByBeginning([.. labels.Select(row => row.Text)]).Ids);
        TrainingText[] texts = [.. labels.Select((row, i) => ModelTraining.Own(row, channel) with { Weight = weights[i] })];
        var anchors = AnchorTexts.Of(channel);
        var before = new Scorer(model) { WeighsByBeginning = true }.Score(labels, channel);

        // Each half is scored by weights that learnt from the other.
        ScoredText[][] halves = [.. Enumerable.Range(0, 2).Select(fold => Scores([.. texts.Where((_, i) => before[i].Fold != fold)]))];
        ScoredText[] heldOut = [.. before.Select((text, i) => halves[text.Fold][i])];
        var after = Scores(texts);
        var curves = Calibration.CurvesOf(calibrated);
        var threshold = Threshold(calibrated.Threshold, [.. heldOut.Where(text => !text.IsAttack).Select(text => new WeightedScore(curves.Tail(text), text.Weight))]);
        manifest.Channels[name] = calibrated with { Threshold = threshold };
        return Kinds.Where(isAttack => labels.Any(row => row.IsAttack == isAttack)).Select(isAttack => new TunedRow(
            name, isAttack, labels.Count(row => row.IsAttack == isAttack), Share(before, calibrated.Threshold, isAttack), Share(heldOut, threshold, isAttack), Share(after, threshold, isAttack), calibrated.Threshold, threshold));

        ScoredText[] Scores(TrainingText[] learnt)
        {
            using var original = File.OpenRead(Path.Combine(request.Base, calibrated.Weights));
            var continued = WeightsFile.Read(original);
            new WideTuner(model.Vocabulary, continued).Learn(learnt, anchors, request.Seed);
            var path = Path.Combine(request.Output, calibrated.Weights);
            using (var file = File.Create(path))
            {
                WeightsFile.Write(continued, file);
            }

            manifest.Files[calibrated.Weights] = ModelTraining.Sha256(path);
            using var tuned = Calibration.Open(manifest, request.Output);
            return new Scorer(tuned) { WeighsByBeginning = true }.Score(labels, channel);
        }

        double Share(IEnumerable<ScoredText> scored, double above, bool isAttack) => BoardEvaluation.Share(scored.Where(text => text.IsAttack == isAttack), text => curves.Tail(text) > above);
    }

    private static double Threshold(double threshold, WeightedScore[] rejected) => rejected.Sum(text => text.Weight) < LeastRejected
        ? threshold
        : Math.Round(Math.Clamp(Metrics.Threshold([rejected], RejectedRate), threshold, threshold + MostRaised), 6);

    private static void Copy(TuningRequest request, ModelManifest manifest)
    {
        foreach (var name in manifest.Files.Keys.Append(Vocabularies.Licenses).Where(name => File.Exists(Path.Combine(request.Base, name))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(request.Output, name))!);
            File.Copy(Path.Combine(request.Base, name), Path.Combine(request.Output, name), overwrite: true);
        }
    }
}

/// <summary>Labels of one kind, and the share of them that is flagged.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="IsAttack">Whether they were confirmed.</param>
/// <param name="Texts">How many.</param>
/// <param name="Before">By the base.</param>
/// <param name="HeldOut">By weights that learnt from the other half.</param>
/// <param name="After">By the model that was written.</param>
/// <param name="ThresholdBefore">The base's.</param>
/// <param name="ThresholdAfter">The model's.</param>
internal sealed record TunedRow(string Channel, bool IsAttack, int Texts, double Before, double HeldOut, double After, double ThresholdBefore, double ThresholdAfter);
