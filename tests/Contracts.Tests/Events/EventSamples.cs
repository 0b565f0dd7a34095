using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Events;

/// <summary>One event of every type with every member set, the same on every run.</summary>
internal static class EventSamples
{
    public static DateTimeOffset Time { get; } = new(2026, 11, 24, 12, 30, 15, 123, 456, TimeSpan.Zero);

    public static IReadOnlyList<EventData> All { get; } =
    [
        new CallIntended { Call = Id(1), Who = Who, What = What, Request = Inline("""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"caf\u00e9 <b>"}}"""), Decision = Allowed, Where = Where },
        new CallRefused
        {
            Call = Id(2), Who = Who, What = What with { Kind = "unreadable" }, Request = new() { Size = 2, Sha256 = Digest.Of("{x"u8), Base64 = "e3g=", Partial = true },
            Decision = Allowed with { Verdict = Verdict.Refused, Reason = "No rule allows it." }, Where = Where, Status = 403, Code = -32600,
        },
        new CallCompleted
        {
            Call = Id(1), Who = Who, What = What, Outcome = CallOutcome.ToolError, Response = Inline("""{"jsonrpc":"2.0","id":7,"result":{"isError":true}}"""),
            Released = new() { Size = 40_000, Sha256 = Digest.Of("big"u8), Blob = "sha256/ab/abcd" }, Stream = new(3, 1200, Digest.Of("stream"u8)), Status = 200, Code = -1,
            Reason = "why", DurationMicros = 1234, Where = Where,
        },
        new MessageRelayed { Call = Id(1), Who = Who, What = What, Direction = Direction.ToClient, Message = Inline("{}"), Where = Where },
        new WriterStarted("0.1.0", "host", "strict"),
        new WriterStopped(12),
        new Heartbeat(1, 2, 3, 4),
        new ToolPinned { Server = "demo", Tool = "echo", Definition = Digest.Of("a"u8), Content = Raw("""{"name":"echo"}""") },
        new ToolChanged
        {
            Server = "demo", Tool = "echo", Previous = Digest.Of("a"u8), Definition = Digest.Of("b"u8), Content = Raw("""{"name":"echo","description":"x"}"""),
            Changes = [new("/description", null, Raw("\"x\""), "high")], Risk = "high",
        },
        new KeyCreated("0123456789ab", Digest.Of("k"u8), "ada", "auditor", ["red"], "human", "host", Time),
        new KeyRevoked("0123456789ab", "host"),
        new PolicyPublished(Digest.Of("p"u8), ["demo", "files"], "start"),
        new CheckpointSigned("calls-0", "example.org/ledger", 5, Digest.Of("r"u8), 2),
        new SigningKeyRotated("old+1+a", "new+2+b", "host"),
        new ChainFaultFound("calls-0", 17, "gap", "expected 3, found 5"),
        new SegmentDropped("calls-0", 0, 99, 4096, "age"),
        new AccessGranted("ada", "search", "tool:echo"),
        new LedgerDrifted("mcpledger.calls", "min.insync.replicas", "2", "1"),
        new ToolPinned { Server = "demo", Tool = "echo", Definition = Digest.Of("a"u8), Content = Raw("""{"name":"echo"}"""), Held = true, ApprovedBy = "ada" },
        new MessageRelayed { Call = Id(1), Who = Who, What = What, Direction = Direction.ToClient, Message = Inline("{}"), Where = Where, Dropped = "why", Outcome = CallOutcome.Ok },
        new DamageAccepted("calls-0", 17, 18, "00000000000000000000.seg", 4096, 512, Digest.Of("d"u8), "ada", "a disk failed"),
        new FindingRaised
        {
            Finding = Id(3), Detector = FindingDetectors.Dlp, Rule = "secret:github-token", Severity = Severity.High, Call = Id(1), Calls = [Id(4)], Session = "s-1", Principal = "ada", Client = "t/1",
            Server = "demo", Tool = "echo", Channel = "result", Score = new(0.97, 0.5, "injection-1", Digest.Of("m"u8)), Spans = [new("/result/content/0/text", 71, 40)],
            Explanation = "A token of GitHub's form with a valid checksum.", Text = Digest.Of("text"u8), Effects = [FindingEffects.Alert, FindingEffects.Redacted], Late = true,
        },
        new FindingReviewed(Id(3), FindingReviewed.Rejected, "ada", "a test token"),
        new SessionLabelled("s-1", SessionLabels.Flagged, Id(1), Id(3)),
        new PrincipalStopped { Principal = "ada", Client = "t/1", Session = "s-1", Until = Time, PerMinute = 10, Reason = "It repeats itself.", Finding = Id(3), By = "detection" },
        new PrincipalReleased("ada", "t/1", "s-1", "host", "looked at"),
        new CallIntended { Call = Id(1), Who = Who, What = What, Request = Inline("{}"), Decision = Allowed, Where = Where, Screening = Screening },
        new CallRefused { Call = Id(2), Who = Who, What = What, Request = Inline("{}"), Decision = Allowed with { Verdict = Verdict.Refused }, Where = Where, Status = 200, Screening = Screening },
        new CallCompleted { Call = Id(1), Who = Who, What = What, Outcome = CallOutcome.Ok, Response = Inline("{}"), Status = 200, DurationMicros = 1, Where = Where, Screening = Screening },
        new MessageRelayed { Call = Id(1), Who = Who, What = What, Direction = Direction.ToClient, Message = Inline("{}"), Where = Where, Screening = Screening },
        new SessionLabelled("s-1", SessionLabels.Flagged, Id(1), Id(3)) { Until = Time, Principal = "ada" },
    ];

    private static Caller Who => new() { Principal = "ada", Kind = "human", Teams = ["red", "blue"], Authentication = "api-key:0123", Agent = "bot", Client = "t/1" };

    private static CallTarget What => new()
    {
        Server = "demo", Kind = "request", Method = "tools/call", Name = "echo", Id = Raw("\"7\""), Era = "modern", Protocol = "2026-07-28",
        Definition = Digest.Of("d"u8), Arguments = new(2, Digest.Of("{}"u8)),
    };

    private static ScreeningRecord Screening => new()
    {
        Model = "injection-1", Digest = Digest.Of("model"u8), Took = 250, State = ScreeningState.TimedOut, Scores = [new("response", 2.5, 2.25, 0.75, 2)],
        Findings = [new(FindingDetectors.Dlp, "secret:github-token", Severity.Medium, FindingEffects.Redacted, new("$.result.content[0].text", 60, 40), "2 places")], Unlisted = 1, Masked = true, Text = Digest.Of("t"u8),
    };

    private static DecisionRecord Allowed => new()
    {
        Verdict = Verdict.Forwarded, Rules = ["allow-demo"], Policy = Digest.Of("p"u8), Reason = "because", Facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "red" },
    };

    private static Place Where => new() { Session = new("s-1", "protocol"), Peer = "127.0.0.1", Trace = "0af7651916cd43dd8448eb211c80319c", Upstream = "a", Monotonic = 99 };

    public static EventId Id(int number) =>
        EventId.TryParse($"01900000-0000-7000-8000-{number:x12}", out var id) ? id : throw new ArgumentOutOfRangeException(nameof(number));

    /// <summary>Every sample as a record of one chain.</summary>
    public static IEnumerable<(EventData Data, byte[] Record)> Records()
    {
        var chain = new ChainWriter("gw-1/7/calls-0", Digest.Of("earlier"u8));
        for (var i = 0; i < All.Count; i++)
        {
            yield return (All[i], Record(chain, All[i], i + 100));
        }
    }

    public static byte[] Record(ChainWriter chain, EventData data, int id)
    {
        using var draft = EventDraft.Write(Id(id), "/gateway/gw-1/7", Time, "demo/echo", EventCatalog.LogOf(data) ?? LedgerLog.Calls, "s-1", data);
        var record = new byte[chain.MaxLength(draft.Tail.Length)];
        return record[..chain.Compose(record, draft.Tail.Span)];
    }

    private static RawJson Raw(string json) => RawJson.FromTrusted(System.Text.Encoding.UTF8.GetBytes(json));

    private static Content Inline(string json) => new() { Size = json.Length, Sha256 = Digest.Of(System.Text.Encoding.UTF8.GetBytes(json)), Json = Raw(json) };
}
