using System.Security.Cryptography;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// A trained model, read from a folder or any other place that streams come from: scorers, encoder, calibration. It never changes and serves all threads; another folder is another model.
/// </summary>
public sealed class InjectionModel : IDisposable
{
    private static readonly string[] ChannelNames = ["response", "user", "definition"];

    private readonly ChannelModel[] _channels;

    private InjectionModel(ModelManifest manifest, string digest, Vocabulary vocabulary, ChannelModel[] channels, ModelFiles files)
    {
        (Id, Digest, Vocabulary, _channels) = (manifest.Id, digest, vocabulary, channels);
        Capability = CapabilityOf(files, manifest);
        Encoder = EncoderOf(files, manifest);
        CapabilityThreshold = manifest.CapabilityThreshold;
        EncoderWindows = Math.Clamp(manifest.Encoder?.Windows ?? 0, 0, InjectionReading.MaxCandidates);
    }

    /// <summary>The model's name.</summary>
    public string Id { get; }

    /// <summary>SHA-256 of <c>model.json</c>, which holds the digests of all other files: two models with the same digest score the same.</summary>
    public string Digest { get; }

    internal Vocabulary Vocabulary { get; }

    internal WindowEncoder? Encoder { get; }

    internal int EncoderWindows { get; }

    internal LinearWeights? Capability { get; }

    internal double CapabilityThreshold { get; }

    /// <summary>Reads a model from its folder.</summary>
    /// <exception cref="InvalidDataException">A file is missing or is not the one that <c>model.json</c> names.</exception>
    public static InjectionModel Open(string folder) =>
        Open(name => File.Exists(Path.Combine(folder, name)) ? File.OpenRead(Path.Combine(folder, name)) : null);

    /// <summary>Reads a model from streams.</summary>
    /// <param name="open">Opens a file of the model by its name, relative and with forward slashes; null where there is none.</param>
    /// <exception cref="InvalidDataException">A file is missing or is not the one that <c>model.json</c> names.</exception>
    public static InjectionModel Open(Func<string, Stream?> open)
    {
        var files = new ModelFiles(open);
        var json = files.Manifest();
        var manifest = ModelManifest.Read(json);
        using var words = files.Open(manifest, manifest.Words);
        using var pairs = files.Open(manifest, manifest.Pairs);
        var vocabulary = new Vocabulary(WordVectors.Read(words), KnownPairs.Read(pairs));
        ChannelModel[] channels = [.. ChannelNames.Select(name => Channel(files, manifest, name))];
        return new(manifest, Convert.ToHexStringLower(SHA256.HashData(json)), vocabulary, channels, files);
    }

    /// <inheritdoc/>
    public void Dispose() => Encoder?.Dispose();

    /// <summary>The calibrated probability at the threshold of this channel.</summary>
    public double ProbabilityAt(TextChannel channel) => Of(channel).Probability(Of(channel).Threshold);

    /// <summary>The tail above which a text of this channel is flagged.</summary>
    public double Threshold(TextChannel channel) => Of(channel).Threshold;

    internal ChannelModel Of(TextChannel channel) => _channels[(int)channel];

    internal static string NameOf(TextChannel channel) => ChannelNames[(int)channel];

    private static ChannelModel Channel(ModelFiles files, ModelManifest manifest, string name)
    {
        var channel = manifest.Channels.GetValueOrDefault(name) ?? throw new InvalidDataException($"model.json has no channel '{name}'.");
        using var weights = files.Open(manifest, channel.Weights);
        if (channel.Odd is not { } odd)
        {
            return new(WeightsFile.Read(weights), null, channel);
        }

        using var shapes = files.Open(manifest, odd.Shapes);
        using var oddWeights = files.Open(manifest, odd.Weights);
        return new(WeightsFile.Read(weights), new(KnownShapes.Read(shapes), OddTokenWeights.Read(oddWeights)), channel);
    }

    private static LinearWeights? CapabilityOf(ModelFiles files, ModelManifest manifest)
    {
        if (manifest.Capability is not { } name)
        {
            return null;
        }

        using var weights = files.Open(manifest, name);
        return LinearWeights.Read(weights);
    }

    private static WindowEncoder? EncoderOf(ModelFiles files, ModelManifest manifest)
    {
        if (manifest.Encoder is not { } encoder)
        {
            return null;
        }

        using var model = files.Open(manifest, encoder.Model);
        using var vocabulary = files.Open(manifest, encoder.Vocabulary);
        return new(model, vocabulary);
    }
}

/// <summary>One channel's scorer and what its scores mean.</summary>
internal sealed class ChannelModel(WideDeepWeights weights, OddTokens? odd, ChannelManifest manifest)
{
    private readonly TailCurve _stageOne = manifest.StageOne.ToCurve();
    private readonly TailCurve? _stageTwo = manifest.StageTwo?.ToCurve();

    private readonly TailCurve? _odd = manifest.Odd?.Curve.ToCurve();
    private readonly double[] _marks = [.. DefinitionRules.Names.Select(name => manifest.Marks?.GetValueOrDefault(name) ?? 0)];

    public WideDeepWeights Weights { get; } = weights;

    /// <summary>The scorer of odd tokens alone, where the channel has one.</summary>
    public OddTokens? Odd { get; } = odd;

    public double Threshold { get; } = manifest.Threshold;

    /// <summary>Stage one's logit from which the encoder is asked.</summary>
    public double Gate { get; } = manifest.StageTwo is null ? double.PositiveInfinity : manifest.Gate ?? double.PositiveInfinity;

    /// <summary>Stage one's tail.</summary>
    public double Tail(double logit, double oddLogit) => _odd is null ? WindowTail(logit) : TailCurve.Joined(WindowTail(logit), _odd.Of(oddLogit));

    /// <summary>Stage one's tail of one window.</summary>
    public double WindowTail(double logit) => _stageOne.Of(logit);

    /// <summary>What the second stage adds.</summary>
    public double EncoderTail(double logit) => _stageTwo?.Of(logit) ?? 0;

    /// <summary>What the marks of a definition add.</summary>
    public double MarkTail(uint marks)
    {
        var tail = 0d;
        for (var i = 0; marks != 0 && i < _marks.Length; i++, marks >>= 1)
        {
            tail += (marks & 1) == 0 ? 0 : _marks[i];
        }

        return tail;
    }

    public double Probability(double tail) => 1 / (1 + Math.Exp(-((manifest.ProbabilitySlope * tail) + manifest.ProbabilityOffset)));
}
