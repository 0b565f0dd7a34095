using System.Collections.Frozen;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Stages.Detection;

/// <summary>
/// Follows the calls of one partition: what an event makes of the sessions that are under way, and what is found in it. A function of the events that it was given, so that a replay finds the same.
/// </summary>
internal sealed class CallWatch(TextScoring? scoring, BehaviourModel? model, DetectionPolicy policy, BehaviourLimits limits)
{
    private const int MaxTexts = 16_384;

    /// <summary>The watch of one of so many partitions.</summary>
    public static CallWatch Of(DetectionModels models, DetectionOptions options, IEnumerable<LedgerPartition> partitions) =>
        new(models.Injection is { } injection ? new(injection) : null, models.Behaviour, options.Policy, options.LimitsOfEach(partitions));

    /// <summary>The detectors whose findings come from here, the gateway's own of the same name among them.</summary>
    public static FrozenSet<string> Detectors { get; } = FrozenSet.Create(StringComparer.Ordinal, [FindingDetectors.Injection, .. Enum.GetValues<BehaviourKind>().Select(FindingDetectorOf)]);

    private static readonly Judged Arguments = new(TextChannel.User, "arguments", "What an agent passes on gives instructions as an attack does.");
    private static readonly Judged Answer = new(TextChannel.Response, "result", "Text that a server returned gives instructions as an attack does.");
    private static readonly Judged Message = new(TextChannel.Response, "message", "A message that a server sent of its own gives instructions as an attack does.");
    private readonly BehaviourTracker _tracker = new(model, limits with { SayAgain = kind => policy.Of(FindingDetectorOf(kind)).For });
    private readonly Digest? _modelDigest = model is null ? null : Parse(model.Digest);
    private readonly List<FoundThing> _found = [];

    // A text that a session reads again and again is one finding, as long as what followed from it lasts.
    private readonly RecentSet<(string Session, Digest Text)> _texts = new(MaxTexts);

    /// <summary>Takes one event and says what is found in it; valid until the next.</summary>
    /// <param name="read">The event.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="content">The bytes of its message, fetched where it holds a claim check; empty where they could not be had.</param>
    /// <param name="released">The same of what the client was given instead; not looked at where that is the message.</param>
    public IReadOnlyList<FoundThing> Take(LedgerEvent read, DateTimeOffset at, ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> released)
    {
        _found.Clear();
        switch (read.Data)
        {
            case CallIntended e when Names(e.What) is { } tool:
                Observe(new(e.Call, e.Who, e.What, e.Where), tool, at, MessagePart.OfRequest(content), Missing(content, e.Request), e.Screening);
                break;
            case CallRefused e when IsKnown(e.Who) && Names(e.What) is { } tool:
                var refused = new Subject(e.Call, e.Who, e.What, e.Where);
                Observe(refused, tool, at, MessagePart.OfRequest(content), Missing(content, e.Request), e.Screening);
                Result(refused, at, default, default, missing: null, isError: true, isOurs: true, screened: null);
                break;
            case CallCompleted e when IsRead(e.What):
                var given = e.Released is null ? content : released;
                Result(new(e.Call, e.Who, e.What, e.Where), at, content, given, Missing(given, e.Released ?? e.Response), e.Outcome != CallOutcome.Ok, isOurs: false, e.Screening);
                break;
            case MessageRelayed e when IsServersOwn(e):
                Hear(new(e.Call ?? read.Header.Id, e.Who, e.What, e.Where) { IsCall = e.Call is not null }, at, MessagePart.OfMessage(content), e.Screening);
                break;
            default:
                break;
        }

        return _found;
    }

    /// <summary>The content of an event that is looked at; null for none.</summary>
    public static Content? ContentOf(EventData data) => data switch
    {
        CallIntended e => Names(e.What) is null ? null : e.Request,
        CallRefused e => Names(e.What) is null || !IsKnown(e.Who) ? null : e.Request,
        CallCompleted e => IsRead(e.What) ? e.Response : null,
        MessageRelayed e => IsServersOwn(e) ? e.Message : null,
        _ => null,
    };

    /// <summary>What a client was given instead of <see cref="ContentOf"/>; null where that is what it got.</summary>
    public static Content? ReleasedOf(EventData data) => data is CallCompleted e && IsRead(e.What) ? e.Released : null;

    // Whoever shows no credential is nobody, and what many nobodies do is no behaviour.
    private static bool IsKnown(Caller who) => who.Kind != "unknown";

    // What a server says of its own on a stream: it asks the client's model, or its user, or tells how far it is. On a stream that was resumed it answers there, too.
    private static bool IsServersOwn(MessageRelayed e) => e is { Direction: Direction.ToClient, Dropped: null };

    // What reaches tools, resources and prompts is behaviour; what leads there is not.
    private static string? Names(CallTarget what) => what switch
    {
        { Kind: not "request" } => null,
        { Method: "tools/call" } => what.Name ?? "",
        { Method: "resources/read" or "prompts/get" or "completion/complete" } => $"{what.Method} {what.Name}",
        _ => null,
    };

    // A task brings what a tool returned. To ask for it again and again is how a client waits, so that its answers are read and its questions are no behaviour.
    private static bool IsRead(CallTarget what) => Names(what) is not null || (what.Kind == "request" && what.Method?.StartsWith("tasks/", StringComparison.Ordinal) is true);

    private static string AgentOf(Caller who) => $"{who.Principal}\n{who.Agent}\n{who.Client}";

    // A message whose bytes could not be had is not an empty one: which it is and how long stands in its event.
    private static ContentDigest? Missing(ReadOnlyMemory<byte> bytes, Content? content) => bytes.IsEmpty && content is { Size: > 0 } ? new(content.Size, content.Sha256) : null;

    private static UnreadContent Unread(ContentDigest? missing) => missing is null ? default : new() { Size = missing.Size, Digest = missing.Sha256.ToArray() };

    private void Observe(in Subject subject, string tool, DateTimeOffset at, in MessagePart arguments, ContentDigest? missing, ScreeningRecord? screened)
    {
        Judge(subject, at, arguments, Arguments, screened, isRead: false);
        var before = _tracker.LabelsOf(subject.Session, at);
        var signals = _tracker.OnCall(new()
        {
            Call = subject.Call.Value, At = at, Session = subject.Session, Agent = AgentOf(subject.Who), Owner = subject.Who.Principal, Server = subject.What.Server, Tool = tool,
            Traits = policy.TraitsOf(subject.What.Server, tool), Arguments = arguments.Json.Span,

            // The message has an id, which its arguments have not: theirs are the same from call to call.
            Unread = Unread(missing is null ? null : subject.What.Arguments ?? missing),
        });
        Say(subject, at, signals);
        Label(subject, at, before);
    }

    private void Result(in Subject subject, DateTimeOffset at, ReadOnlyMemory<byte> message, ReadOnlyMemory<byte> given, ContentDigest? missing, bool isError, bool isOurs, ScreeningRecord? screened)
    {
        var before = _tracker.LabelsOf(subject.Session, at);
        var part = AnswerIn(message);
        ScoredText scored;
        if (given.Equals(message))
        {
            scored = Judge(subject, at, part, Answer, screened, isRead: true);
        }
        else
        {
            // What the client never got is a finding all the same, and led nobody anywhere.
            var passed = AnswerIn(given);
            scored = Score(passed, Answer, out _);
            Judge(subject, at, part, Answer, screened, isRead: scored.IsFlagged);
            part = passed;
        }

        // A refusal is ours: it says the same to everybody, and none of it is the server's word.
        ReadOnlySpan<byte> content = isOurs ? "refused"u8 : part.Json.Span;
        var signals = _tracker.OnResult(new()
        {
            Call = subject.Call.Value, At = at, Session = subject.Session, Agent = AgentOf(subject.Who), Owner = subject.Who.Principal, IsError = isError, Content = content, Unread = Unread(missing),
            Tail = scored.Tail, IsFlagged = scored.IsFlagged, Suspicious = scored.Suspicious,
        });
        Say(subject, at, signals);
        Label(subject, at, before);
    }

    // What the client's model was told by a server that nobody had asked leads it as well as a result does.
    private void Hear(in Subject subject, DateTimeOffset at, in MessagePart part, ScreeningRecord? screened)
    {
        var scored = Judge(subject, at, part, Message, screened, isRead: true);
        if (!scored.IsFlagged)
        {
            return;
        }

        var before = _tracker.LabelsOf(subject.Session, at);
        Say(subject, at, _tracker.OnMessage(new()
        {
            Call = subject.Call.Value, At = at, Session = subject.Session, Agent = AgentOf(subject.Who), Owner = subject.Who.Principal, Content = part.Json.Span,
            Tail = scored.Tail, IsFlagged = true, Suspicious = scored.Suspicious,
        }));
        Label(subject, at, before);
    }

    // What a text says, and whether it is a finding.
    private ScoredText Judge(in Subject subject, DateTimeOffset at, in MessagePart part, in Judged judged, ScreeningRecord? screened, bool isRead)
    {
        var scored = Score(part, judged, out var text);
        var held = policy.Of(FindingDetectors.Injection);
        if (scored.IsFlagged && held.IsOn && _texts.IsNew((subject.Session, text), at, held.For))
        {
            _found.Add(Injection(subject, at, part, text, scored, judged, screened) with { IsRead = isRead });
        }

        return scored;
    }

    private ScoredText Score(in MessagePart part, in Judged judged, out Digest text)
    {
        text = default;
        if (part.Json.IsEmpty || scoring is null)
        {
            return ScoredText.Unread;
        }

        text = Digest.Of(part.Json.Span);
        return scoring.Of(judged.Channel, text, part.Json.Span);
    }

    private static MessagePart AnswerIn(ReadOnlyMemory<byte> message) => message.IsEmpty ? default : MessagePart.OfAnswer(message);

    private FoundThing Injection(in Subject subject, DateTimeOffset at, in MessagePart part, in Digest text, ScoredText scored, in Judged judged, ScreeningRecord? screened)
    {
        var model = scoring!.Model;
        var digest = Parse(model.Digest);
        var severity = scored.Probability >= InjectionScore.SureFrom ? Severity.High : Severity.Medium;
        var path = part.Name.Length == 0 ? scored.Path : $"/{part.Name}{scored.Path}";

        // What the gateway found while the call waited it raises itself, unless what it had no time for makes it worse. It is one finding, whoever says it, so it has the gateway's name.
        var isRaised = screened?.Findings.Any(finding => finding.Detector == FindingDetectors.Injection && finding.Severity == severity) is true;
        var (of, by) = isRaised ? (screened!.Text, screened.Digest) : (text, digest);
        return new(subject, at, new()
        {
            Finding = FindingId.Of(subject.Call, FindingDetectors.Injection, null, of, severity, by),
            Detector = FindingDetectors.Injection, Severity = severity, Channel = judged.Name, Text = of, Late = true,
            Score = new(Math.Round(scored.Tail, 3), Math.Round(model.Threshold(judged.Channel), 3), model.Id, digest!.Value),

            // Where the record holds placeholders, its bytes are not those of the message.
            Spans = screened?.Masked is not true ? [new(path, part.Start + scored.Start, scored.Length)] : [],
            Explanation = judged.Explanation,
        })
        {
            IsRaised = isRaised,
        };
    }

    private void Say(in Subject subject, DateTimeOffset at, IReadOnlyList<BehaviourSignal> signals)
    {
        foreach (var signal in signals)
        {
            var detector = FindingDetectorOf(signal.Kind);
            var severity = (Severity)signal.Level;
            var held = policy.Of(detector);
            if (!held.IsOn || severity < held.Least)
            {
                continue;
            }

            var digest = signal.IsModel ? _modelDigest : null;
            _found.Add(new(subject, at, new()
            {
                Finding = FindingId.Of(subject.Call, detector, signal.Rule, null, severity, digest),
                Detector = detector, Rule = signal.Rule is null ? null : $"{detector}:{signal.Rule}", Severity = severity, Calls = [.. signal.Calls.Select(EventId.Of)],
                Score = digest is { } by ? new(signal.Value, signal.Threshold, model!.Id, by) : null,
                Explanation = signal.Explanation, Late = true,
            }));
        }
    }

    private void Label(in Subject subject, DateTimeOffset at, BehaviourLabels before)
    {
        // A protocol's session and a trace have an end. An actor's has none: what it has read is over once it rested, so while it goes on its labels are said again.
        var isActor = subject.Where.Session.Kind == "actor";
        var held = _tracker.LabelsOf(subject.Session, at);
        var said = isActor ? held : held & ~before;
        foreach (var (label, name) in new[]
        {
            (BehaviourLabels.UntrustedContent, SessionLabels.UntrustedContent), (BehaviourLabels.PrivateData, SessionLabels.PrivateData),
            (BehaviourLabels.CanSendOut, SessionLabels.CanSendOut), (BehaviourLabels.Flagged, SessionLabels.Flagged),
        })
        {
            if (said.HasFlag(label) && policy.Labels.Contains(name, StringComparer.Ordinal))
            {
                var finding = label == BehaviourLabels.Flagged ? _found.FirstOrDefault(each => each is { IsRead: true, Finding.Detector: FindingDetectors.Injection })?.Finding?.Finding : null;
                _found.Add(new(subject, at, null) { Label = new(subject.Session, name, subject.IsCall ? subject.Call : null, finding) { Until = isActor ? at + (1.5 * limits.Rest) : null, Principal = subject.Who.Principal } });
            }
        }
    }

    private static string FindingDetectorOf(BehaviourKind kind) => kind switch
    {
        BehaviourKind.Loop => FindingDetectors.Loop,
        BehaviourKind.Burst => FindingDetectors.Burst,
        BehaviourKind.Cost => FindingDetectors.Cost,
        BehaviourKind.Sequence => FindingDetectors.Sequence,
        BehaviourKind.FirstUse => FindingDetectors.FirstUse,
        BehaviourKind.Trifecta => FindingDetectors.Trifecta,
        BehaviourKind.Exfiltration => FindingDetectors.Exfiltration,
        BehaviourKind.Provenance => FindingDetectors.Provenance,
        _ => FindingDetectors.Hijack,
    };

    private static Digest? Parse(string hex) => Digest.TryParse(hex, out var digest) ? digest : null;
}

/// <summary>What kind of text is judged.</summary>
/// <param name="Channel">Whose words it is read as.</param>
/// <param name="Name">Where it stands, as findings say it.</param>
/// <param name="Explanation">What is wrong with it, when something is.</param>
internal readonly record struct Judged(TextChannel Channel, string Name, string Explanation);

/// <summary>Which call of whose an event is about.</summary>
internal readonly record struct Subject(EventId Call, Caller Who, CallTarget What, Place Where)
{
    public string Session => Where.Session.Id;

    /// <summary>False where a server spoke outside of any call: <see cref="Call"/> is then that message's event.</summary>
    public bool IsCall { get; init; } = true;
}

/// <summary>Something that is to be said: a finding, or a label.</summary>
/// <param name="Subject">The call.</param>
/// <param name="At">When its event happened.</param>
/// <param name="Finding">The finding as far as the detector knows it; null for a label.</param>
internal sealed record FoundThing(Subject Subject, DateTimeOffset At, FindingRaised? Finding)
{
    public SessionLabelled? Label { get; init; }

    /// <summary>Whether the gateway found it too and raises it, so that only what follows from it is left to do.</summary>
    public bool IsRaised { get; init; }

    /// <summary>Whether the client was given the text that was found, as a server's word: then its session is labelled.</summary>
    public bool IsRead { get; init; }
}
