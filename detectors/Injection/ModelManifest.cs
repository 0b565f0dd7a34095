using System.Text.Json;
using System.Text.Json.Serialization;

namespace McpLedger.Detectors.Injection;

/// <summary><c>model.json</c>: what a model folder holds, and the numbers that turn scores into decisions.</summary>
internal sealed record ModelManifest
{
    public const string FileName = "model.json";
    public const int CurrentFormat = 2;

    public required int Format { get; init; }

    /// <summary>The model's name, as it stands in events.</summary>
    public required string Id { get; init; }

    /// <summary>Every other file of the folder that is read, with its SHA-256 in hexadecimal.</summary>
    public required SortedDictionary<string, string> Files { get; init; }

    /// <summary>The file of word vectors.</summary>
    public required string Words { get; init; }

    /// <summary>The file of word pairs.</summary>
    public required string Pairs { get; init; }

    /// <summary>The second stage; absent in a model that has none.</summary>
    public EncoderManifest? Encoder { get; init; }

    /// <summary>The file of the capability head's weights; absent in a model that has none.</summary>
    public string? Capability { get; init; }

    /// <summary>The head's logit from which a tool is overtly dangerous.</summary>
    public double CapabilityThreshold { get; init; }

    /// <summary>By channel: response, user, definition.</summary>
    public required SortedDictionary<string, ChannelManifest> Channels { get; init; }

    public static ModelManifest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.ModelManifest) ?? throw new InvalidDataException("model.json is null.");
            return manifest.Format == CurrentFormat ? manifest : throw new InvalidDataException($"model.json is of format {manifest.Format}; this version reads {CurrentFormat}.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"model.json is no manifest: {e.Message}", e);
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ModelManifest);
}

/// <summary>The second stage's files.</summary>
internal sealed record EncoderManifest
{
    public required string Model { get; init; }

    public required string Vocabulary { get; init; }

    /// <summary>How many windows of a text it may see.</summary>
    public required int Windows { get; init; }
}

/// <summary>A channel's scorer and calibration.</summary>
internal sealed record ChannelManifest
{
    public required string Weights { get; init; }

    /// <summary>Stage one's logit from which the second stage is asked; absent where it never is.</summary>
    public double? Gate { get; init; }

    public required CurveManifest StageOne { get; init; }

    public CurveManifest? StageTwo { get; init; }

    /// <summary>Odd tokens scored on their own; absent where the channel does not.</summary>
    public OddManifest? Odd { get; init; }

    /// <summary>What each mark of a definition adds to its tail.</summary>
    public SortedDictionary<string, double>? Marks { get; init; }

    /// <summary>The tail above which a text is flagged.</summary>
    public required double Threshold { get; init; }

    /// <summary>Probability = 1 / (1 + exp(−(slope × tail + offset))).</summary>
    public required double ProbabilitySlope { get; init; }

    public required double ProbabilityOffset { get; init; }
}

/// <summary>A channel's shapes and weights for odd tokens, and how unusual their scores are.</summary>
internal sealed record OddManifest(string Shapes, string Weights, CurveManifest Curve);

/// <summary>A <see cref="TailCurve"/> in numbers.</summary>
internal sealed record CurveManifest(IReadOnlyList<double> Scores, IReadOnlyList<double> Tails, double Slope)
{
    public static CurveManifest Of(TailCurve curve) => new([.. curve.Scores.Select(Short)], [.. curve.Tails.Select(Short)], Short(curve.Slope));

    public TailCurve ToCurve() => new(Scores, Tails, Slope);

    private static double Short(double value) => Math.Round(value, 6);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", AllowDuplicateProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
