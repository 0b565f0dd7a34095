using System.Text.Json.Serialization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>
/// What the gateway found in one message while it waited. A call's event has none when its text was looked through to the end and nothing was found, or when nothing was to be looked for.
/// </summary>
public sealed record ScreeningRecord
{
    /// <summary>Most findings that a record lists.</summary>
    public const int MaxFindings = 16;

    /// <summary>Most places of all its findings together that a record lists besides the first of each.</summary>
    public const int MaxMore = 48;

    /// <summary>Name of the model that scored; null where none did.</summary>
    public string? Model { get; init; }

    /// <summary>Digest of that model.</summary>
    public Digest? Digest { get; init; }

    /// <summary>How long it took, microseconds of the monotonic clock.</summary>
    public required long Took { get; init; }

    /// <summary>How far it came.</summary>
    public required ScreeningState State { get; init; }

    /// <summary>What the model made of the text, by channel; none where it did not score.</summary>
    public IReadOnlyList<ScreeningScore> Scores { get; init; } = [];

    /// <summary>What was found, in the order of the message; at most <see cref="MaxFindings"/>.</summary>
    public IReadOnlyList<ScreeningFinding> Findings { get; init; } = [];

    /// <summary>How many more were found; null for none.</summary>
    public int? Unlisted { get; init; }

    /// <summary>True when values are replaced in the content of this event that stood in what passed; null when what passed holds what is recorded.</summary>
    public bool? Masked { get; init; }

    /// <summary>
    /// Digest of the part of the message that was looked through (<c>params</c>, <c>result</c> or <c>error</c>), as this event holds it: of what was received it would give away a value that can be guessed.
    /// </summary>
    public Digest? Text { get; init; }
}

/// <summary>How far a message was looked through.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScreeningState>))]
public enum ScreeningState
{
    /// <summary>It could not be: what happened then is in the findings.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 0,

    /// <summary>To its end, by every detector that it needs.</summary>
    [JsonStringEnumMemberName("complete")]
    Complete = 1,

    /// <summary>The second stage is left to whoever follows the log.</summary>
    [JsonStringEnumMemberName("late")]
    Late = 2,

    /// <summary>The second stage ran out of time.</summary>
    [JsonStringEnumMemberName("timed-out")]
    TimedOut = 3,

    /// <summary>It is longer, or holds more, than is looked through.</summary>
    [JsonStringEnumMemberName("cut")]
    Cut = 4,
}

/// <summary>A model's score of a message's text.</summary>
/// <param name="Channel">As whose words it was read: response | user | definition.</param>
/// <param name="Tail">How unusual it is among benign texts: −log10 of their share.</param>
/// <param name="Threshold">The tail above which it is a finding.</param>
/// <param name="Probability">Calibrated, of being an attack.</param>
/// <param name="Stages">Stages that scored: 1 or 2.</param>
public sealed record ScreeningScore(string Channel, double Tail, double Threshold, double Probability, int Stages);

/// <summary>One thing that was found in a message.</summary>
/// <param name="Detector">Such as <see cref="FindingDetectors.Dlp"/>.</param>
/// <param name="Rule">Which of its rules; null where the detector is its own rule.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Effect">What came of it: alert | redacted | stripped | refused | withheld.</param>
/// <param name="Span">Where it stood in the message as it was received; null for all of it.</param>
/// <param name="Explanation">What was found, for a person, where the rule does not say it; never a secret's value.</param>
public sealed record ScreeningFinding(string Detector, string? Rule, Severity Severity, string Effect, FindingSpan? Span, string? Explanation)
{
    /// <summary>Where else it stood, where what stood there is changed in what passed: with <see cref="Span"/> at most <see cref="FindingRaised.MaxSpans"/>. Null for nowhere else, and where nothing is changed.</summary>
    public IReadOnlyList<FindingSpan>? More { get; init; }
}
