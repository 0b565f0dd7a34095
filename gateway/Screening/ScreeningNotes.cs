using System.Globalization;
using System.Runtime.InteropServices;
using McpLedger.Contracts.Events;
using McpLedger.Detectors.Redaction;

namespace McpLedger.Gateway.Screening;

/// <summary>What was found in one message, one note a rule: a thousand equal findings are one with a number, and with the first places where something is changed. Used again for the next message.</summary>
internal sealed class ScreeningNotes
{
    private readonly List<Note> _notes = [];

    /// <summary>How far the message was looked through.</summary>
    public ScreeningState State { get; private set; }

    /// <summary>What the model made of it; null where it did not score.</summary>
    public KnownScore? Scored { get; set; }

    /// <summary>Why it may not pass, in words that a model can read; null when it may.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Whether what passes holds values that are not recorded.</summary>
    public bool IsMasked { get; set; }

    /// <summary>Whether it holds a secret that is remembered, whatever else follows.</summary>
    public bool HoldsSecret { get; set; }

    /// <summary>Whether there is nothing to record.</summary>
    public bool IsEmpty => _notes.Count == 0 && State == ScreeningState.Complete && !IsMasked;

    public void Clear()
    {
        _notes.Clear();
        State = ScreeningState.Complete;
        Scored = null;
        HoldsSecret = false;
        Refusal = null;
        IsMasked = false;
    }

    /// <summary>Notes that something was not looked through; what was said before stands when it says more.</summary>
    public void Lapse(ScreeningState state, ScreeningLapse policy, string refusal)
    {
        State = State is ScreeningState.Complete or ScreeningState.Cut ? state : State;
        if (policy == ScreeningLapse.Refuse)
        {
            Refusal ??= refusal;
        }
    }

    /// <summary>Notes that part of the text is unread: whoever wants something overlooked writes more than is read.</summary>
    public void Cut(in ScreenedPart part, string refusal)
    {
        Lapse(ScreeningState.Cut, part.Rules.OnCut, refusal);
        Add(FindingDetectors.Sanitizing, "unread", Severity.Medium, part.Rules.OnCut == ScreeningLapse.Refuse ? ScreeningAction.Refuse : ScreeningAction.Flag, 0, 0, "part of the text was not looked through");
    }

    /// <summary>Notes a finding.</summary>
    /// <param name="detector">Who found it.</param>
    /// <param name="rule">By which rule; null where the detector is its own.</param>
    /// <param name="severity">How much it matters.</param>
    /// <param name="action">What follows.</param>
    /// <param name="start">First byte in the body as received.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="explanation">What the rule does not say.</param>
    public void Add(string detector, string? rule, Severity severity, ScreeningAction action, int start, int length, string? explanation = null)
    {
        foreach (var known in _notes)
        {
            if (known.Detector == detector && known.Rule == rule && known.Explanation == explanation)
            {
                known.Count++;
                known.Severity = (Severity)Math.Max((int)known.Severity, (int)severity);
                known.Action = (ScreeningAction)Math.Min((int)known.Action, (int)action);
                known.Place(action, start, length);
                return;
            }
        }

        _notes.Add(new(detector, rule, explanation, start, length) { Severity = severity, Action = action });
    }

    /// <summary>Notes that the message may not pass.</summary>
    public void Refuse(string reason) => Refusal ??= reason;

    /// <summary>The notes as an event lists them, the gravest first.</summary>
    /// <param name="part">What was looked through.</param>
    /// <param name="masked">What is recorded instead of the body: a name in it may be what was found.</param>
    /// <param name="recorded">The body as it is recorded.</param>
    /// <param name="offset">Where the body begins in its message.</param>
    public IReadOnlyList<ScreeningFinding> List(in ScreenedPart part, EditList masked, ReadOnlySpan<byte> recorded, int offset)
    {
        var listed = new List<ScreeningFinding>();
        var room = ScreeningRecord.MaxMore;
        foreach (var note in _notes.OrderByDescending(note => note.Severity).Take(ScreeningRecord.MaxFindings))
        {
            var span = note.Length == 0 ? null : SpanOf(part, masked, recorded, offset, (note.Start, note.Length));
            List<FindingSpan> more = [];
            foreach (var place in CollectionsMarshal.AsSpan(note.More)[..Math.Min(room, note.More.Count)])
            {
                more.Add(SpanOf(part, masked, recorded, offset, place));
            }

            room -= more.Count;
            listed.Add(new(note.Detector, note.Rule, note.Severity, EffectOf(note.Action, part.Place == ScreeningPlace.Arguments), span, Explain(note)) { More = more.Count == 0 ? null : more });
        }

        return listed;
    }

    /// <summary>How many notes are not listed; null for none.</summary>
    public int? Unlisted => _notes.Count > ScreeningRecord.MaxFindings ? _notes.Count - ScreeningRecord.MaxFindings : null;

    public static string EffectOf(ScreeningAction action, bool toServer) => action switch
    {
        ScreeningAction.Refuse => toServer ? FindingEffects.Refused : FindingEffects.Withheld,
        ScreeningAction.Redact => FindingEffects.Redacted,
        ScreeningAction.Strip => FindingEffects.Stripped,
        _ => FindingEffects.Alert,
    };

    private static FindingSpan SpanOf(in ScreenedPart part, EditList masked, ReadOnlySpan<byte> recorded, int offset, (int Start, int Length) place) =>
        new(part.PathOf(recorded, masked.ToAfter(place.Start)), offset + place.Start, place.Length);

    private static string? Explain(Note note) =>
        note.Count == 1 ? note.Explanation
        : note.Explanation is null ? string.Create(CultureInfo.InvariantCulture, $"{note.Count} places")
        : string.Create(CultureInfo.InvariantCulture, $"{note.Explanation}; {note.Count} places");

    private sealed class Note(string detector, string? rule, string? explanation, int start, int length)
    {
        public string Detector { get; } = detector;

        public string? Rule { get; } = rule;

        public string? Explanation { get; } = explanation;

        public int Start { get; } = start;

        public int Length { get; } = length;

        public Severity Severity { get; set; }

        public ScreeningAction Action { get; set; }

        public int Count { get; set; } = 1;

        /// <summary>Where else something is changed: of a request only what passes is recorded, so nothing else says where that was.</summary>
        public List<(int Start, int Length)> More { get; } = [];

        public void Place(ScreeningAction action, int start, int length)
        {
            if (action is ScreeningAction.Strip or ScreeningAction.Redact && length > 0 && More.Count < FindingRaised.MaxSpans - 1)
            {
                More.Add((start, length));
            }
        }
    }
}
