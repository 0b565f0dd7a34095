using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Projections.Tests.Homes.Marten;

/// <summary>A ledger of everything: sessions of each kind, calls that end, fail, are refused or never end, messages, every control event, and records that are none.</summary>
internal sealed class MixedLedger(int seed)
{
    private static readonly string[] Servers = ["files", "demo", "mail", "crm-eu"];
    private static readonly string[] Tools = ["read_file", "search.web", "send-mail", "delete/all", ":instructions", "nul\0tool", "one\u0001tool", new('n', 700)];
    private static readonly string[] People = [.. Enumerable.Range(0, 60).Select(i => $"user-{i}"), "Zoë Ångström", "nul\0body"];
    private readonly Given _given = new(seed);
    private readonly Random _random = new(seed);
    private readonly Queue<(EventId Call, string Who, string Server, string Tool, string Session, string Kind)> _open = new();

    public MemoryLedger Make(int events)
    {
        var ledger = new MemoryLedger();
        for (var i = 0; i < events; i++)
        {
            _given.Pass(TimeSpan.FromMicroseconds(_random.Next(5) == 0 ? 0 : _random.Next(4_000_000)));
            if (_random.Next(2_000) == 0)
            {
                ledger.AppendBytes(_random.Next(2) == 0 ? LedgerPartition.Calls : LedgerPartition.Control, "{\"no\":\"event\"}"u8.ToArray());
            }
            else if (_random.Next(12) == 0)
            {
                _given.Append(ledger, Control());
            }
            else if (_random.Next(40) == 0)
            {
                Initialize(ledger);
            }
            else if (_random.Next(60) == 0)
            {
                AnswerLate(ledger);
            }
            else
            {
                _given.Append(ledger, Traffic());
            }
        }

        return ledger;
    }

    private void Initialize(MemoryLedger ledger)
    {
        var (call, person) = (_given.NewId(), Pick(People));
        _given.Append(ledger, _given.Initialize(call, person, $"actor\0{person}"));
        if (_random.Next(5) != 0)
        {
            _given.Pass(TimeSpan.FromMilliseconds(20));
            _given.Append(ledger, _given.Initialized(call, person, $"protocol-{_random.Next(400)}"));
        }
    }

    private void AnswerLate(MemoryLedger ledger)
    {
        var (person, session, id) = (Pick(People), $"protocol-{_random.Next(400)}", $"{_random.Next(1_000, 9_999)}");
        var begun = _given.Intended(_given.NewId(), person, "files", "read_file", session, "text");
        _given.Append(ledger, begun with { What = begun.What with { Id = RawJson.FromTrusted(System.Text.Encoding.UTF8.GetBytes(id)) } });
        _given.Pass(TimeSpan.FromMilliseconds(20));
        _given.Append(ledger, _given.Late(person, "files", session, id));
    }

    private EventData Traffic()
    {
        if (_open.Count > 0 && _random.Next(5) < 2)
        {
            var (call, who, server, tool, session, kind) = _open.Dequeue();
            return _random.Next(8) == 0
                ? Message(call, who, server, session, kind)
                : _given.Completed(call, who, server, tool, session, "answer", (CallOutcome)_random.Next(1, 7), _random.NextInt64(10_000_000)) with { Where = _given.Place(session, kind), Who = Caller(who) };
        }

        var (person, target, name) = (Pick(People), Pick(Servers), Pick(Tools));
        var (id, sessionKind) = _random.Next(3) switch
        {
            0 => ($"protocol-{_random.Next(400)}", "protocol"),
            1 => ($"{_random.Next(300):x32}", "trace"),
            _ => ($"actor\0{person}", "actor"),
        };
        if (_random.Next(10) == 0)
        {
            return _given.Refused(_given.NewId(), person, target, name, id, "no") with { Where = _given.Place(id, sessionKind), Who = Caller(person) };
        }

        var begun = _given.NewId();
        if (_random.Next(20) != 0)
        {
            _open.Enqueue((begun, person, target, name, id, sessionKind));
        }

        return _given.Intended(begun, person, target, name, id, "text") with { Where = _given.Place(id, sessionKind), Who = Caller(person) };
    }

    // What is said of somebody changes, so that the last word matters.
    private Caller Caller(string principal) => _given.Caller(principal) with { Kind = _random.Next(50) == 0 ? "human" : "agent", Client = $"client-{_random.Next(90)}" };

    private MessageRelayed Message(EventId call, string who, string server, string session, string kind) => new()
    {
        Call = call, Who = Caller(who), What = new() { Server = server, Kind = "notification", Method = "notifications/progress" }, Direction = Direction.ToClient, Message = _given.Json("progress"), Where = _given.Place(session, kind),
    };

    private EventData Control() => _random.Next(14) switch
    {
        0 => new ToolPinned { Server = Pick(Servers), Tool = Pick(Tools), Definition = Digest.Of([(byte)_random.Next(9)]), Content = RawJson.FromTrusted("""{"name":"x"}"""u8.ToArray()) },
        1 => new ToolChanged
        {
            Server = Pick(Servers), Tool = Pick(Tools), Previous = Digest.Of("old"u8), Definition = Digest.Of([(byte)_random.Next(9)]), Content = RawJson.FromTrusted("""{"name":"y"}"""u8.ToArray()), Risk = "high",
            Changes = [new("/description", RawJson.FromTrusted("\"a\""u8.ToArray()), null, "high")],
        },
        2 => new KeyCreated($"key-{_random.Next(50)}", Digest.Of("k"u8), Pick(People), "viewer", ["blue"], "human", "admin", null),
        3 => new KeyRevoked($"key-{_random.Next(50)}", "admin"),
        4 => new CheckpointSigned("calls-0", "example.com/log", _random.Next(100_000), Digest.Of("root"u8), 1),
        5 => new ChainFaultFound("control-0", _random.Next(1_000), "gap", "seq 4 follows 2"),
        6 => new SegmentDropped("calls-0", 0, _random.Next(1_000), 4_096, "age"),
        7 => new WriterStarted("0.1.0", "machine", "strict"),
        8 => new Heartbeat(_random.Next(), _random.Next(), _random.Next(), 0),
        9 or 10 => new FindingRaised
        {
            Finding = FindingOf(_random.Next(200)), Detector = FindingDetectors.Loop, Rule = "loop:identical", Severity = (Severity)_random.Next(4), Session = $"protocol-{_random.Next(400)}", Principal = Pick(People),
            Server = Pick(Servers), Tool = Pick(Tools), Explanation = "The same call again and again.", Effects = [FindingEffects.Alert], Late = true,
        },
        11 => new FindingReviewed(FindingOf(_random.Next(200)), _random.Next(2) == 0 ? FindingReviewed.Confirmed : FindingReviewed.Rejected, "auditor", "nul\0note"),
        12 => new SessionLabelled($"protocol-{_random.Next(400)}", SessionLabels.Flagged, null, null),
        _ => new AccessGranted("auditor", "search", "q"),
    };

    private static EventId FindingOf(int number) => EventId.Derive(DateTimeOffset.UnixEpoch, Digest.Of([(byte)number]));

    private string Pick(string[] values) => values[_random.Next(values.Length)];
}
