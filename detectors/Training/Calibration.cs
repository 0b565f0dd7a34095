using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training;

/// <summary>
/// Gate, tail curves and thresholds from benign texts of the scoreboard (never from its attacks), probability from made-up texts that were not trained on. Writes <c>model.json</c> last:
/// a folder without it is no model.
/// </summary>
internal static class Calibration
{
    private const double GateShare = 0.09;
    private const int HeldPairs = 700;
    private const double CapabilityRate = 0.003;

    public static string Write(TrainingRequest request, int encoderWindows)
    {
        var hasEncoder = File.Exists(Path.Combine(request.Output, Vocabularies.EncoderModel));
        var manifest = new ModelManifest
        {
            Format = ModelManifest.CurrentFormat,
            Id = request.Id,
            Words = Vocabularies.Words,
            Pairs = Vocabularies.Pairs,
            Capability = ModelTraining.CapabilityName,
            CapabilityThreshold = CapabilityThreshold(request),
            Encoder = hasEncoder ? new() { Model = Vocabularies.EncoderModel, Vocabulary = Vocabularies.EncoderVocabulary, Windows = encoderWindows } : null,
            Files = [],
            Channels = new(StringComparer.Ordinal),
        };
        string[] files = [Vocabularies.Words, Vocabularies.Pairs, ModelTraining.CapabilityName, ModelTraining.ShapesName, ModelTraining.OddName, .. Board.All.Select(board => ModelTraining.WeightsName(board.Channel)), .. hasEncoder ? new[] { Vocabularies.EncoderModel, Vocabularies.EncoderVocabulary } : []];
        foreach (var file in files)
        {
            manifest.Files[file] = ModelTraining.Sha256(Path.Combine(request.Output, file));
        }

        foreach (var board in Board.All)
        {
            manifest.Channels[InjectionModel.NameOf(board.Channel)] = Uncalibrated(board.Channel) with
            {
                Marks = board.Channel == TextChannel.Definition ? MarkTails(request) : null,
                Odd = board.Channel == TextChannel.User ? new(ModelTraining.ShapesName, ModelTraining.OddName, new([0], [0], 1)) : null,
            };
        }

        var benign = request.ScoreboardRows();
        foreach (var board in Board.All)
        {
            manifest.Channels[InjectionModel.NameOf(board.Channel)] = Calibrated(board, manifest, benign, request, hasEncoder && board.Channel == TextChannel.Response);
        }

        File.WriteAllBytes(Path.Combine(request.Output, ModelManifest.FileName), manifest.Write());
        using var model = InjectionModel.Open(request.Output);
        return model.Digest;
    }

    private static ChannelManifest Calibrated(Board board, ModelManifest manifest, Corpus corpus, TrainingRequest request, bool withEncoder)
    {
        var name = InjectionModel.NameOf(board.Channel);
        var channel = manifest.Channels[name];
        var sources = Score(board, manifest, corpus, request.Output);
        if (sources.Length == 0)
        {
            return channel;
        }

        if (withEncoder)
        {
            var gate = Metrics.Threshold([.. sources.Select(source => source.Select(text => new WeightedScore(text.StageOne, text.Weight)).ToArray())], GateShare);
            manifest.Channels[name] = channel with { Gate = Math.Round(gate, 6), StageTwo = channel.StageOne };
            sources = Score(board, manifest, corpus, request.Output);
        }

        var curves = CrossFit.Fit(sources);
        channel = channel with
        {
            Gate = withEncoder ? manifest.Channels[name].Gate : null,
            StageOne = CurveManifest.Of(curves.StageOne),
            StageTwo = withEncoder && curves.StageTwo is not null ? CurveManifest.Of(curves.StageTwo) : null,
            Odd = channel.Odd is { } odd && curves.Odd is not null ? odd with { Curve = CurveManifest.Of(curves.Odd) } : channel.Odd,
        };
        channel = channel with { Threshold = Math.Round(Threshold(board, channel, sources), 6) };
        manifest.Channels[name] = channel;
        return WithProbability(board, manifest, request);
    }

    // The mean rate over the sources; where a channel has sources that it must not touch, each of them bounds it too.
    private static double Threshold(Board board, ChannelManifest channel, ScoredText[][] sources)
    {
        var curves = CurvesOf(channel);
        WeightedScore[][] tails = [.. sources.Select(source => source.Select(text => new WeightedScore(curves.Tail(text), text.Weight)).ToArray())];
        var threshold = Metrics.Threshold(tails, board.ShippedRate);
        foreach (var (source, limit) in board.Limits)
        {
            var index = Array.FindIndex(sources, texts => texts[0].Source == source);
            threshold = index < 0 ? threshold : Math.Max(threshold, Metrics.Threshold([tails[index]], limit));
        }

        return threshold;
    }

    internal static FittedCurves CurvesOf(ChannelManifest channel) => new(channel.StageOne.ToCurve(), channel.Odd?.Curve.ToCurve(), channel.StageTwo?.ToCurve());

    private static ChannelManifest WithProbability(Board board, ModelManifest manifest, TrainingRequest request)
    {
        var channel = manifest.Channels[InjectionModel.NameOf(board.Channel)];
        var held = HeldOutTexts.Of(board.Channel, request.TrainingRows(), HeldPairs);
        if (held.Count == 0)
        {
            return channel;
        }

        using var model = Open(manifest, request.Output);
        var scored = new Scorer(model) { WeighsByBeginning = true }.Score(held, board.Channel);
        var curves = CurvesOf(channel);
        var (slope, offset) = Platt.Fit([.. scored.Select(text => (curves.Tail(text), text.IsAttack))]);
        return channel with { ProbabilitySlope = Math.Round(slope, 6), ProbabilityOffset = Math.Round(offset, 6) };
    }

    private static ScoredText[][] Score(Board board, ModelManifest manifest, Corpus corpus, string folder)
    {
        using var model = Open(manifest, folder);
        var scorer = new Scorer(model) { WeighsByBeginning = true };
        return [.. board.Benign.Select(source => scorer.Score([.. corpus.Of(false, source)], board.Channel)).Where(source => source.Length > 0)];
    }

    internal static InjectionModel Open(ModelManifest manifest, string folder) =>
        InjectionModel.Open(name => name == ModelManifest.FileName ? new MemoryStream(manifest.Write()) : File.OpenRead(Path.Combine(folder, name)));

    // Counted over the benign definitions of the training corpora, one added to both sides: what was never seen is rare, not impossible.
    private static SortedDictionary<string, double> MarkTails(TrainingRequest request)
    {
        var seen = new int[DefinitionRules.Names.Count];
        var total = 0;
        var text = new MessageText(TextLimits.Default);
        foreach (var row in request.TrainingRows().Of(false, "toolsdk_tools", "bfcl_funcs", "metatool_tools", "toolbench_funcs"))
        {
            Scorer.Read(row.Text, TextChannel.Definition, text);
            var marks = DefinitionRules.Match(text, out _, out _);
            total++;
            for (var i = 0; i < seen.Length; i++)
            {
                seen[i] += (int)((marks >> i) & 1);
            }
        }

        return new(DefinitionRules.Weighed.Select((name, i) => (name, tail: Math.Round(-Math.Log10((seen[i] + 1.0) / (total + 1)), 3))).ToDictionary(each => each.name, each => each.tail), StringComparer.Ordinal);
    }

    // Three in a thousand of the benign definitions that the head was not trained on.
    private static double CapabilityThreshold(TrainingRequest request)
    {
        using var weights = File.OpenRead(Path.Combine(request.Output, ModelTraining.CapabilityName));
        using var words = File.OpenRead(Path.Combine(request.Output, Vocabularies.Words));
        var head = LinearWeights.Read(weights);
        var trainer = new LinearTrainer(new(WordVectors.Read(words), KnownPairs.None));
        WeightedScore[] scores = [.. CapabilityTexts.Honest(request.TrainingRows(), isKeptBack: true).Select(text => new WeightedScore(trainer.Score(head, text.Text), 1))];
        return scores.Length == 0 ? 0 : Math.Round(Math.Max(0, Metrics.Threshold([scores], CapabilityRate)), 6);
    }

    private static ChannelManifest Uncalibrated(TextChannel channel) => new()
    {
        Weights = ModelTraining.WeightsName(channel),
        StageOne = new([0], [0], 1),
        Threshold = 0.5,
        ProbabilitySlope = 1,
        ProbabilityOffset = 0,
    };
}
