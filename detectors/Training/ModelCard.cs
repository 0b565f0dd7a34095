using System.Globalization;
using System.Text;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training;

/// <summary>
/// The part of a model's <c>CARD.md</c> that a training knows: what went in, how long it took, what came out. It stands between two marks, and what people wrote around them stays.
/// </summary>
internal static class ModelCard
{
    public const string FileName = "CARD.md";
    public const string Begins = "<!-- From here to the next mark a training writes: what is changed by hand is lost. -->";
    public const string Ends = "<!-- Up to here. -->";

    /// <summary>Says how a folder was trained.</summary>
    public static void Write(TrainingRequest request, int members, TimeSpan took)
    {
        var manifest = Manifest(request.Output);
        var text = new StringBuilder();
        Line(text, $"- Trained by `mcpledger detectors train` in {took.TotalSeconds:0} s on {Environment.ProcessorCount} cores, as one process. The same rows, labels and seed make the same digest.");
        Line(text, $"- {members} times {request.Pairs:N0} pairs of attacked and clean texts a channel, seed {request.Seed}. {Labels(request.Labelled)}");
        text.Append("\nRead of the data; a long source in part, and of `dev` the benign rows alone, for gate, curves and thresholds:\n\n| file | attacks | benign | SHA-256 |\n|---|---|---|---|\n");
        foreach (var source in request.Tally.Sources)
        {
            Line(text, $"| `{source.Part}/{source.Name}` | {(source.Part == "dev" ? "–" : source.Attacks.ToString("N0", CultureInfo.InvariantCulture))} | {source.Benign:N0} | `{source.Sha256}` |");
        }

        Save(request.Output, manifest, text);
    }

    /// <summary>Says how a folder was made from another one.</summary>
    public static void Write(TuningRequest request, string based, IReadOnlyList<TunedRow> rows, TimeSpan took)
    {
        var text = new StringBuilder();
        Line(text, $"- Continued from {based} by `mcpledger detectors train` in {took.TotalSeconds:0} s, on own labels alone, seed {request.Seed}. {Labels(request.Labelled)}");
        text.Append("- **What that model's card and scoreboard say does not hold for this one**: measure it (`mcpledger detectors evaluate --model FOLDER`). Gate, curves and probabilities are that model's; only n-gram weights moved, and thresholds where the table says so.\n");
        text.Append("\nLabels of one's own that are flagged, before and after; `held out` is by weights that learnt from the other half of the labels:\n\n| channel | label | texts | before | after, held out | after | threshold before | after |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var row in rows)
        {
            Line(text, $"| {row.Channel} | {(row.IsAttack ? "confirmed" : "rejected")} | {row.Texts} | {row.Before:P0} | {row.HeldOut:P0} | {row.After:P0} | {row.ThresholdBefore:0.000} | {row.ThresholdAfter:0.000} |");
        }

        Save(request.Output, Manifest(request.Output), text);
    }

    private static ModelManifest Manifest(string folder) => ModelManifest.Read(File.ReadAllBytes(Path.Combine(folder, ModelManifest.FileName)));

    private static string Labels(IReadOnlyList<LabelledText> labels) =>
        labels.Count == 0 ? "No labels of one's own." : string.Create(CultureInfo.InvariantCulture, $"Labels of one's own: {labels.Count(row => row.IsAttack):N0} confirmed, {labels.Count(row => !row.IsAttack):N0} rejected.");

    private static void Save(string folder, ModelManifest manifest, StringBuilder made)
    {
        var text = new StringBuilder();
        Line(text, $"{Begins}\n## How it was made\n`{manifest.Id}`, digest (SHA-256 of `{ModelManifest.FileName}`) `{ModelTraining.Sha256(Path.Combine(folder, ModelManifest.FileName))}`.\n");
        text.Append(made);
        Thresholds(text, manifest);
        text.Append("\n| file | SHA-256 |\n|---|---|\n");
        foreach (var (name, digest) in manifest.Files)
        {
            Line(text, $"| `{name}` | `{digest}` |");
        }

        text.Append(Ends).Append('\n');
        var path = Path.Combine(folder, FileName);
        File.WriteAllText(path, Placed(File.Exists(path) ? File.ReadAllText(path) : $"# {manifest.Id}\n\n", text.ToString()));
    }

    private static string Placed(string card, string part)
    {
        var (from, to) = (card.IndexOf(Begins, StringComparison.Ordinal), card.IndexOf(Ends, StringComparison.Ordinal));
        return from < 0 || to < from ? $"{card.TrimEnd('\n')}\n\n{part}" : card[..from] + part + card[(to + Ends.Length)..].TrimStart('\n');
    }

    private static void Thresholds(StringBuilder text, ModelManifest manifest)
    {
        text.Append("\n| channel | gate: stage one's logit | flagged above tail | that is one benign text in | probability there |\n|---|---|---|---|---|\n");
        foreach (var (name, channel) in manifest.Channels)
        {
            var probability = 1 / (1 + Math.Exp(-((channel.ProbabilitySlope * channel.Threshold) + channel.ProbabilityOffset)));
            Line(text, $"| {name} | {(channel.Gate is { } gate ? gate.ToString("0.000", CultureInfo.InvariantCulture) : "–")} | {channel.Threshold:0.000} | {Math.Pow(10, channel.Threshold):0} | {probability:0.00} |");
        }

        text.Append("\nCurves, as logit at the share of benign texts that reach it, and what a unit of logit adds to the tail beyond the last:\n");
        foreach (var (name, channel) in manifest.Channels)
        {
            Curve(text, name + ", stage one", channel.StageOne);
            Curve(text, name + ", odd tokens", channel.Odd?.Curve);
            Curve(text, name + ", encoder", channel.StageTwo);
        }
    }

    private static void Curve(StringBuilder text, string name, CurveManifest? curve)
    {
        if (curve is not null)
        {
            Line(text, $"- {name}: {string.Join(", ", curve.Scores.Zip(curve.Tails, (score, tail) => string.Create(CultureInfo.InvariantCulture, $"{score:0.00} at {100 * Math.Pow(10, -tail):0.#} %")))}; {curve.Slope:0.000}");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
