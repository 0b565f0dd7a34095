using System.Text.Json.Serialization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>A detector found something. Said by whoever looked: the gateway while a call waited, or a stage afterwards.</summary>
public sealed record FindingRaised : EventData
{
    /// <summary>Most calls that a finding names besides <see cref="Call"/>.</summary>
    public const int MaxCalls = 32;

    /// <summary>Most spans that a finding names.</summary>
    public const int MaxSpans = 16;

    /// <summary>Most characters of an explanation.</summary>
    public const int MaxExplanation = 500;

    /// <summary>Names the finding; the same evidence under the same model has the same id, so that a replay raises nothing twice.</summary>
    public required EventId Finding { get; init; }

    /// <summary>What kind of thing was found, such as <see cref="FindingDetectors.Loop"/>.</summary>
    public required string Detector { get; init; }

    /// <summary>Which of the detector's rules, such as <c>secret:github-token</c>; null where the detector is its own rule.</summary>
    public string? Rule { get; init; }

    /// <summary>How much it matters.</summary>
    public required Severity Severity { get; init; }

    /// <summary>The call that gave rise to it; null for none.</summary>
    public EventId? Call { get; init; }

    /// <summary>Further calls that belong to it, oldest first; at most <see cref="MaxCalls"/>.</summary>
    public IReadOnlyList<EventId> Calls { get; init; } = [];

    /// <summary>The session's id; null for none.</summary>
    public string? Session { get; init; }

    /// <summary>The principal; null where nobody called (a definition).</summary>
    public string? Principal { get; init; }

    /// <summary>The client's own word about itself.</summary>
    public string? Client { get; init; }

    /// <summary>Server in the configuration.</summary>
    public string? Server { get; init; }

    /// <summary>Name of the tool.</summary>
    public string? Tool { get; init; }

    /// <summary>Where the text stood: arguments | result | message | definition; null where no text was judged.</summary>
    public string? Channel { get; init; }

    /// <summary>How strongly; null where a rule is certain.</summary>
    public FindingScore? Score { get; init; }

    /// <summary>Where in the message; at most <see cref="MaxSpans"/>.</summary>
    public IReadOnlyList<FindingSpan> Spans { get; init; } = [];

    /// <summary>What was found, in words for a person; never a secret's value. At most <see cref="MaxExplanation"/> characters.</summary>
    public required string Explanation { get; init; }

    /// <summary>Digest of the text that was scored, so that the same text joins; null where none was.</summary>
    public Digest? Text { get; init; }

    /// <summary>What came of it, such as <see cref="FindingEffects.Alert"/>.</summary>
    public IReadOnlyList<string> Effects { get; init; } = [];

    /// <summary>Whether it was raised after the answer had been released.</summary>
    public bool Late { get; init; }

    /// <summary>An explanation as the event takes it: where it is longer than <see cref="MaxExplanation"/>, cut, with a mark that says so.</summary>
    public static string Shortened(string explanation)
    {
        const int Kept = MaxExplanation - 1;
        return explanation.Length <= MaxExplanation ? explanation
            : string.Concat(explanation.AsSpan(0, char.IsHighSurrogate(explanation[Kept - 1]) ? Kept - 1 : Kept), "…");
    }
}

/// <summary>A score and what it was held against.</summary>
/// <param name="Value">Calibrated probability, or a fused score.</param>
/// <param name="Threshold">From which value on it is a finding.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Digest">Digest of the model.</param>
public sealed record FindingScore(double Value, double Threshold, string Model, Digest Digest);

/// <summary>A stretch of a message.</summary>
/// <param name="Path">JSON pointer (RFC 6901) of the value that it lies in, such as <c>/result/content/0/text</c>.</param>
/// <param name="Start">First byte, counted in the message as received.</param>
/// <param name="Length">Bytes.</param>
public sealed record FindingSpan(string Path, long Start, long Length);

/// <summary>How much a finding matters.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
public enum Severity
{
    /// <summary>Worth knowing when one looks.</summary>
    [JsonStringEnumMemberName("low")]
    Low = 0,

    /// <summary>Worth a look.</summary>
    [JsonStringEnumMemberName("medium")]
    Medium = 1,

    /// <summary>Somebody should look today.</summary>
    [JsonStringEnumMemberName("high")]
    High = 2,

    /// <summary>Somebody should look now.</summary>
    [JsonStringEnumMemberName("critical")]
    Critical = 3,
}

/// <summary>An analyst judged a finding. The last judgement counts; it is a label that a model may be trained on.</summary>
/// <param name="Finding">The finding.</param>
/// <param name="Verdict">confirmed | rejected.</param>
/// <param name="By">Who.</param>
/// <param name="Note">Why, in the analyst's words; null for none.</param>
public sealed record FindingReviewed(EventId Finding, string Verdict, string By, string? Note) : EventData
{
    /// <summary>It is what it says.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>It is a false alarm.</summary>
    public const string Rejected = "rejected";
}

/// <summary>Something is true of a session from now on. Labels are never taken back: what a model has read it has read. An actor's session has no end of its own: its labels are said again while it goes on, and lapse when it rests.</summary>
/// <param name="Session">The session's id.</param>
/// <param name="Label">Such as <see cref="SessionLabels.UntrustedContent"/>.</param>
/// <param name="Call">The call that gave it, or at which it still held; null when a finding gave it.</param>
/// <param name="Finding">The finding that gave it; null when a call did.</param>
public sealed record SessionLabelled(string Session, string Label, EventId? Call, EventId? Finding) : EventData
{
    /// <summary>Until when, unless it is said again; null for as long as the session is.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whose session it is; null where the writer did not say.</summary>
    public string? Principal { get; init; }
}

/// <summary>A principal may not go on, or only so fast. What was under way is not touched.</summary>
public sealed record PrincipalStopped : EventData
{
    /// <summary>The principal.</summary>
    public required string Principal { get; init; }

    /// <summary>Only under this name that a client gives itself; null for all.</summary>
    public string? Client { get; init; }

    /// <summary>Only in this session; null for all.</summary>
    public string? Session { get; init; }

    /// <summary>Until when; null until it is released.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Calls a minute that still pass (a throttle); null when none does (a stop).</summary>
    public int? PerMinute { get; init; }

    /// <summary>Why, in words that a model can read.</summary>
    public required string Reason { get; init; }

    /// <summary>The finding that led to it; null for none.</summary>
    public EventId? Finding { get; init; }

    /// <summary>Who stopped it: a stage or an operator.</summary>
    public required string By { get; init; }
}

/// <summary>A principal may go on: every stop and throttle is lifted that is at most as wide as this.</summary>
/// <param name="Principal">The principal.</param>
/// <param name="Client">Only what was stopped for this client; null for all.</param>
/// <param name="Session">Only what was stopped for this session; null for all.</param>
/// <param name="By">Who released it.</param>
/// <param name="Reason">Why; null for none.</param>
public sealed record PrincipalReleased(string Principal, string? Client, string? Session, string By, string? Reason) : EventData;
