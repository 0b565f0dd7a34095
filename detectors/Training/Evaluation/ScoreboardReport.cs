using System.Text.Json.Serialization;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>What an evaluation measured.</summary>
public sealed record ScoreboardReport
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Its digest.</summary>
    public required string Digest { get; init; }

    /// <summary>True when only a part of each source was scored: quick figures are for tests and never quoted.</summary>
    public required bool IsQuick { get; init; }

    /// <summary>One a channel.</summary>
    public required IReadOnlyList<BoardReport> Boards { get; init; }

    /// <summary>Obfuscated attacks; empty where they were not asked for.</summary>
    public required IReadOnlyList<ObfuscationRow> Obfuscations { get; init; }

    /// <summary>What the capability head flags; empty for a model that has none.</summary>
    public required IReadOnlyList<CapabilityRow> Capability { get; init; }

    /// <summary>What a linear model reaches that was trained on half of each source it is measured on; absent where it was not asked for.</summary>
    public required IReadOnlyList<ControlRow> Control { get; init; }

    /// <summary>What the search for secrets and personal data finds in made texts that are held out, by kind.</summary>
    public required IReadOnlyList<ValueRow> Values { get; init; }

    /// <summary>Recall by false-positive rate, for the parts and for other ways to put them together; absent where it was not asked for.</summary>
    public CurveReport? Curves { get; init; }

    /// <summary>What is to be reached, and whether it is.</summary>
    public required IReadOnlyList<TargetRow> Targets { get; init; }
}

/// <summary>One channel's figures. Shares are between 0 and 1; thresholds are cross-fitted where nothing else is said.</summary>
public sealed record BoardReport
{
    /// <summary>The channel.</summary>
    public required string Title { get; init; }

    /// <summary>Mean recall over the attack sources at 0.1, 1 and 5 % mean false-positive rate.</summary>
    public required IReadOnlyList<RateRow> Macro { get; init; }

    /// <summary>Stage one alone, the same.</summary>
    public required IReadOnlyList<RateRow> StageOneMacro { get; init; }

    /// <summary>Mean recall as the model is shipped.</summary>
    public required ShareRow ShippedRecall { get; init; }

    /// <summary>Mean false-positive rate as the model is shipped.</summary>
    public required ShareRow ShippedFalsePositiveRate { get; init; }

    /// <summary>Words that give attacks away, as a rule list has them: mean recall and mean false-positive rate.</summary>
    public required RateRow KeywordRules { get; init; }

    /// <summary>One a source.</summary>
    public required IReadOnlyList<SourceRow> Sources { get; init; }

    /// <summary>By length of text.</summary>
    public required IReadOnlyList<LengthRow> Lengths { get; init; }

    /// <summary>Share of benign texts, each source weighing the same, that reach the second stage.</summary>
    public required double BenignReachingEncoder { get; init; }

    /// <summary>Expected calibration error of the shipped probability, attacks and benign texts weighing the same.</summary>
    public required double CalibrationError { get; init; }
}

/// <summary>A recall at a false-positive rate, with its 95 % interval.</summary>
public sealed record RateRow(double FalsePositiveRate, double Recall, double Low, double High);

/// <summary>A share of texts, with its 95 % interval over clusters.</summary>
public sealed record ShareRow(double Share, double Low, double High);

/// <summary>A source's figures. For attacks the shares are recalls, for benign texts false-positive rates.</summary>
public sealed record SourceRow
{
    /// <summary>The source.</summary>
    public required string Source { get; init; }

    /// <summary>attack, other attack, benign or hard negative.</summary>
    public required string Kind { get; init; }

    /// <summary>Texts.</summary>
    public required int Rows { get; init; }

    /// <summary>Clusters of near-copies: what is counted.</summary>
    public required int Clusters { get; init; }

    /// <summary>Against the board's benign sources; absent for benign ones.</summary>
    public required double? Auc { get; init; }

    /// <summary>Share above the thresholds at 0.1, 1 and 5 %.</summary>
    public required IReadOnlyList<ShareRow> Shares { get; init; }

    /// <summary>Share flagged by the model as it is shipped.</summary>
    public required ShareRow Flagged { get; init; }

    /// <summary>The share at 1 % of the source's families, where it has some.</summary>
    public required IReadOnlyDictionary<string, double> Families { get; init; }
}

/// <summary>Figures of texts of one length, at the threshold of 1 %.</summary>
public sealed record LengthRow(string UpTo, int Attacks, double Recall, int Benign, double FalsePositiveRate);

/// <summary>A way to hide an attack, and how much of the plain recall at 1 % is kept.</summary>
public sealed record ObfuscationRow(string Transform, int Texts, double Recall, double Kept);

/// <summary>Tools of one source, and the share of them that the capability head calls overtly dangerous as it is shipped.</summary>
public sealed record CapabilityRow(string Source, bool IsDangerous, int Texts, double Flagged);

/// <summary>How well one kind of secret or personal data is found.</summary>
/// <param name="Rule">Its id.</param>
/// <param name="Present">How many there were.</param>
/// <param name="Found">How many of those were found.</param>
/// <param name="False">How many were found that are none.</param>
/// <param name="Precision">Share of what was found that is one.</param>
/// <param name="Recall">Share of what there was that was found.</param>
/// <param name="F1">The harmonic mean of both.</param>
public sealed record ValueRow(string Rule, int Present, int Found, int False, double Precision, double Recall, double F1);

/// <summary>A source under the in-distribution control.</summary>
public sealed record ControlRow(string Source, double Auc, double RecallAtOnePercent);

/// <summary>Curves of recall by false-positive rate.</summary>
/// <param name="Rates">The rates.</param>
/// <param name="Rows">One a way of scoring and source.</param>
public sealed record CurveReport(IReadOnlyList<double> Rates, IReadOnlyList<CurveRow> Rows);

/// <summary>One curve.</summary>
/// <param name="Board">What sets its thresholds.</param>
/// <param name="Scoring">Which part of the model scores, or how parts are put together.</param>
/// <param name="Source">Whose recall it is.</param>
/// <param name="Recalls">As many as there are rates.</param>
public sealed record CurveRow(string Board, string Scoring, string Source, IReadOnlyList<double> Recalls);

/// <summary>One target.</summary>
public sealed record TargetRow(string What, string Target, string Measured, bool? IsReached);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ScoreboardReport))]
[JsonSerializable(typeof(Behaviour.BehaviourReport))]
internal sealed partial class ScoreboardJson : JsonSerializerContext;
