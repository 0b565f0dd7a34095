using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Projections.Tests;

/// <summary>Events as a gateway writes them. The clock stands still unless it is moved.</summary>
internal sealed class Given(int seed)
{
    public static readonly DateTimeOffset Start = new(2026, 11, 24, 10, 0, 0, TimeSpan.Zero);

    private static readonly string[] Servers = ["files", "demo", "mail", "crm-eu"];
    private static readonly string[] Tools = ["read_file", "readFile", "search.web", "send-mail", "delete/all", "o'brien \"x\" 100%"];
    private static readonly string[] People = ["alice", "bob", "svc:ci", "Zoë Ångström"];
    private static readonly string[] Texts =
    [
        "ordinary words here", "path /etc/passwd was read", "mail to ada@example.com", "camelCaseName and snake_case_name", "東京タワー へ行く", "DROP TABLE event; --", "\" OR 1=1 NEAR(a b) *",
        "error: timeout after 30 s", "nul\0inside", "Straße ΣΊΣΥΦΟΣ", "", "https://api.example.com/v1/users?id=42",
    ];

    private readonly Random _random = new(seed);
    private long _micros;

    public EventId NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return EventId.TryParse(new Guid(bytes).ToString("D"), out var id) ? id : throw new InvalidOperationException();
    }

    public DateTimeOffset Now => Start.AddMicroseconds(_micros);

    public void Pass(TimeSpan span) => _micros += (long)span.TotalMicroseconds;

    public Caller Caller(string principal) => new() { Principal = principal, Kind = "agent", Teams = ["blue", "ops"], Authentication = "api-key:00aa11bb22cc", Client = "inspector/1.0" };

    public CallTarget Tool(string server, string tool) => new()
    {
        Server = server, Kind = "request", Method = "tools/call", Name = tool, Id = RawJson.FromTrusted("7"u8.ToArray()), Era = "modern", Protocol = "2026-07-28",
    };

    public Place Place(string session, string kind = "protocol") => new() { Session = new(session, kind), Peer = "127.0.0.1", Trace = "4bf92f3577b34da6a3ce929d0e0e4736", Monotonic = _micros };

    public Content Json(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"arguments":{"text":{{JsonSerializer.Serialize(text)}},"count":48213} } }""");
        return new() { Size = utf8.Length, Sha256 = Digest.Of(utf8), Json = RawJson.FromTrusted(utf8) };
    }

    public CallIntended Intended(EventId call, string principal, string server, string tool, string session, string text) => new()
    {
        Call = call, Who = Caller(principal), What = Tool(server, tool), Request = Json(text), Where = Place(session),
        Decision = new() { Verdict = Verdict.Forwarded, Rules = ["allow-all"], Policy = Digest.Of("policy"u8) },
    };

    public CallRefused Refused(EventId call, string principal, string server, string tool, string session, string text) => new()
    {
        Call = call, Who = Caller(principal), What = Tool(server, tool), Request = Json(text), Where = Place(session), Status = 403, Code = -32001,
        Decision = new() { Verdict = Verdict.Refused, Rules = ["deny-delete"], Reason = "Deleting needs an approval." },
    };

    public CallCompleted Completed(EventId call, string principal, string server, string tool, string session, string text, CallOutcome outcome, long micros) => new()
    {
        Call = call, Who = Caller(principal), What = Tool(server, tool), Outcome = outcome, Response = Json(text), Status = outcome == CallOutcome.UpstreamFailed ? 0 : 200,
        Code = outcome == CallOutcome.ProtocolError ? -32602 : null, DurationMicros = micros, Where = Place(session),
    };

    /// <summary>Answers that are claim checks: an error page of 40 KiB, one of 1.2 MiB, and one that is as it should be.</summary>
    public async Task AppendClaimsAsync(MemoryLedger ledger)
    {
        foreach (var text in new[]
        {
            $"<html><title>502 Bad Gateway</title>{new string(' ', 40_000)}</html>",
            $$$"""{"result":{"opening":"beginning\n{{{new string(' ', 1_200_000)}}}unreached"}}""",
            $$$"""{"result":{"text":"modest{{{new string(' ', 40_000)}}}"}}""",
        })
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            await ledger.TryPutAsync(Digest.Of(bytes), bytes, CancellationToken.None);
            var content = new Content { Size = bytes.Length, Sha256 = Digest.Of(bytes), Blob = $"sha256/{Digest.Of(bytes)}" };
            Append(ledger, Completed(NewId(), "alice", "files", "read_file", "s-1", "x", CallOutcome.UpstreamFailed, 5) with { Response = content });
        }
    }

    /// <summary>An <c>initialize</c>, which begins in the actor's session.</summary>
    public CallIntended Initialize(EventId call, string principal, string actor) => Intended(call, principal, "files", "", actor, "x") with { What = Initializing, Where = Place(actor, "actor") };

    /// <summary>Its end, in the session that it opened.</summary>
    public CallCompleted Initialized(EventId call, string principal, string opened) => Completed(call, principal, "files", "", opened, "x", CallOutcome.Ok, 10) with { What = Initializing };

    /// <summary>An answer on a resumed stream.</summary>
    public MessageRelayed Late(string principal, string server, string session, string id) => new()
    {
        Call = null, Who = Caller(principal), What = new() { Server = server, Kind = "response", Id = RawJson.FromTrusted(Encoding.UTF8.GetBytes(id)) }, Direction = Direction.ToClient, Outcome = CallOutcome.Ok,
        Message = Json("late"), Where = Place(session),
    };

    private static CallTarget Initializing => new() { Server = "files", Kind = "request", Method = "initialize", Id = RawJson.FromTrusted("0"u8.ToArray()), Era = "legacy" };

    public FindingRaised Finding(string detector, Severity severity, string session) => new()
    {
        Finding = NewId(), Detector = detector, Severity = severity, Call = NewId(), Session = session, Principal = "ada", Server = "demo", Tool = "echo", Explanation = "what was found",
        Score = new(0.9, 0.5, "m", Digest.Of("m"u8)), Spans = [new("/result", 1, 2)], Effects = [FindingEffects.Alert],
    };

    /// <summary>A ledger with this many events: calls that end and calls that do not, refusals, messages, and control events between them.</summary>
    public MemoryLedger Ledger(int events)
    {
        var ledger = new MemoryLedger();
        for (var i = 0; i < events;)
        {
            Pass(TimeSpan.FromMicroseconds(_random.Next(4) == 0 ? 0 : _random.Next(200_000_000)));
            i += Step(ledger);
        }

        return ledger;
    }

    private int Step(MemoryLedger ledger)
    {
        var (call, who, server, tool, session, text) = (NewId(), Pick(People), Pick(Servers), Pick(Tools), $"s-{_random.Next(6)}", Pick(Texts));
        switch (_random.Next(10))
        {
            case 0:
                Append(ledger, Refused(call, who, server, tool, session, text));
                return 1;
            case 1:
                Append(ledger, Intended(call, who, server, tool, session, text));
                return 1;
            case 2:
                Append(ledger, new MessageRelayed { Call = null, Who = Caller(who), What = new() { Server = server, Kind = "notification", Method = "notifications/progress" }, Direction = Direction.ToClient, Message = Json(text), Where = Place(session) });
                return 1;
            case 3:
                Append(ledger, new ToolPinned { Server = server, Tool = tool, Definition = Digest.Of(Encoding.UTF8.GetBytes(text)), Content = RawJson.FromTrusted("""{"name":"x","description":"reads"}"""u8.ToArray()) });
                return 1;
            case 4:
                Append(ledger, new CheckpointSigned("calls-0", "example.com/log", _random.Next(1000), Digest.Of("root"u8), 1));
                Append(ledger, new AccessGranted("auditor", "search", text));
                return 2;
            default:
                Append(ledger, Intended(call, who, server, tool, session, text));
                Append(ledger, Completed(call, who, server, tool, session, Pick(Texts), (CallOutcome)_random.Next(1, 7), _random.NextInt64(10_000_000)));
                return 2;
        }
    }

    public void Append(MemoryLedger ledger, EventData data) => ledger.Append(NewId(), Now, data);

    private string Pick(string[] values) => values[_random.Next(values.Length)];
}
