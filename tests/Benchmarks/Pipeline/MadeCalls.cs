using System.Globalization;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Benchmarks.Pipeline;

/// <summary>
/// Calls as the gateway records them, made from a seed: people, agents, servers and tools of uneven frequency, arguments and results of words.
/// The two events of a call come to about 3 KiB, 1.5 KiB each.
/// </summary>
internal sealed class MadeCalls(int seed, DateTimeOffset begin)
{
    private const int ArgumentWords = 30;
    private const int ResultWords = 140;

    /// <summary>Time between two calls: five million of them are a month, and so some thirty slices of the full-text index.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(500);

    private static readonly string[] Servers = ["github", "files", "postgres", "slack", "jira", "browser", "kubernetes", "payroll"];
    private static readonly string[] Verbs = ["get", "list", "search", "create", "update", "delete", "query", "export"];
    private static readonly string[] Nouns = ["issue", "file", "table", "message", "ticket", "page", "pod", "invoice", "user", "report"];
    private static readonly string[] Words = MakeWords();

    private readonly Random _random = new(seed);
    private readonly StringBuilder _text = new();
    private long _made;

    /// <summary>Words that arguments and results are made of; the first are the frequent ones.</summary>
    public static IReadOnlyList<string> Vocabulary => Words;

    /// <summary>The next call: what announces it and what ends it.</summary>
    public (CallIntended Intended, CallCompleted Completed, DateTimeOffset Time) Next()
    {
        var time = begin + (Spacing * _made++);
        var call = EventId.New(new Moment(time));
        var principal = $"user-{Skewed(500)}@example.com";
        var server = Servers[Skewed(Servers.Length)];
        var tool = $"{Verbs[Skewed(Verbs.Length)]}_{Nouns[Skewed(Nouns.Length)]}";
        var id = RawJson.FromTrusted(Encoding.ASCII.GetBytes(_made.ToString(CultureInfo.InvariantCulture)));
        var failed = _random.Next(50) == 0;
        var who = new Caller { Principal = principal, Kind = "human", Teams = [$"team-{Skewed(12)}"], Authentication = "api-key:k1", Client = "claude-code/2.1" };
        var arguments = $$"""{"query":"{{Sentence(ArgumentWords)}}","limit":{{_random.Next(100)}}}""";
        var what = new CallTarget
        {
            Server = server, Kind = "request", Method = "tools/call", Name = tool, Id = id, Era = "modern", Protocol = "2026-07-28",
            Arguments = new(arguments.Length, Digest.Of(Encoding.ASCII.GetBytes(arguments))),
        };
        var where = new Place { Session = new($"s-{principal}-{_made / 4000}", "actor"), Peer = "127.0.0.1", Monotonic = (long)Spacing.TotalMicroseconds * _made };
        var intended = new CallIntended
        {
            Call = call, Who = who, What = what, Where = where,
            Request = ContentOf($$$"""{"jsonrpc":"2.0","id":{{{_made}}},"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{{{arguments}}}}}"""),
            Decision = new() { Verdict = Verdict.Forwarded, Rules = ["everything"], Policy = Digest.Of("policy"u8) },
        };
        var completed = new CallCompleted
        {
            Call = call, Who = who, What = what, Where = where,
            Outcome = failed ? CallOutcome.ToolError : CallOutcome.Ok,
            Response = ContentOf($$$"""{"jsonrpc":"2.0","id":{{{_made}}},"result":{"content":[{"type":"text","text":"{{{Sentence(ResultWords)}}}"}],"isError":{{{(failed ? "true" : "false")}}}}}"""),
            Status = 200,
            DurationMicros = 500 + _random.Next(200_000),
        };
        return (intended, completed, time);
    }

    /// <summary>Writes an event of the sequence out.</summary>
    public static EventDraft Draft(EventData data, DateTimeOffset time, string subject, string session) =>
        EventDraft.Write(EventId.New(new Moment(time)), "/gateway/bench/1", time, subject, LedgerLog.Calls, session, data);

    // Low numbers come often, high ones seldom: as people and tools do.
    private int Skewed(int count) => (int)(count * Math.Pow(_random.NextDouble(), 3));

    private string Sentence(int words)
    {
        _text.Clear();
        for (var i = 0; i < words; i++)
        {
            _text.Append(Words[Skewed(Words.Length)]).Append(' ');
        }

        return _text.ToString(0, _text.Length - 1);
    }

    private static Content ContentOf(string json)
    {
        var bytes = Encoding.ASCII.GetBytes(json);
        return new() { Size = bytes.Length, Sha256 = Digest.Of(bytes), Json = RawJson.FromTrusted(bytes) };
    }

    private static string[] MakeWords()
    {
        string[] begins = ["ac", "be", "con", "de", "en", "for", "in", "ma", "par", "re", "sub", "trans", "un", "ver"];
        string[] middles = ["ba", "ci", "do", "fer", "gra", "li", "me", "no", "por", "sti", "ta", "vi"];
        string[] ends = ["ble", "ct", "er", "ing", "ment", "nce", "or", "ry", "te", "tion"];
        return [.. from begin in begins from middle in middles from end in ends select begin + middle + end];
    }

    private sealed class Moment(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
