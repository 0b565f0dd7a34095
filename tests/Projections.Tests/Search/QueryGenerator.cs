namespace McpLedger.Projections.Tests.Search;

/// <summary>Queries of every shape over what <see cref="Given"/> writes.</summary>
internal sealed class QueryGenerator(int seed)
{
    private static readonly string[] Leaves =
    [
        "ordinary", "words", "passwd", "/etc/passwd", "etc", "example.com", "api.example.com", "camelCaseName", "camelcasename", "case", "snake_case_name", "snake", "東京", "タワー", "straße", "timeout",
        "48213", "42", "camel*", "exam*", "snake_ca*", "/etc/pass*", "\"ordinary words\"", "\"words here\"", "\"words ordinary\"", "\"path /etc/passwd was read\"", "\"timeout after 30 s\"", "nothing", "zz*", "se*", "tool*", "text*", "co*",
        "server: files", "server: (files or demo)", "server: f*", "server: crm-eu", "not server: mail", "tool: read_file", "tool: READFILE", "tool: read*", "tool: \"o'brien \\\"x\\\" 100%\"", "tool: del*",
        "principal: alice", "principal: \"zoë ångström\"", "principal: svc*", "type: call.completed", "type: call.*", "type: call.intended.v1", "verdict: refused", "outcome: (ok or tool-error)", "outcome: *",
        "not outcome: *", "tool: *", "code: *", "code: -32602", "code < 0", "status: 200", "status >= 400", "status: [1 TO 399]", "duration > 5s", "duration <= 1s", "duration: [100ms TO 3s]", "size > 100", "size < 1kb",
        "session: s-1", "session: s-*", "team: blue", "rule: deny*", "class: control", "class: housekeeping", "time >= 2026-11-24T12", "time < now-20h", "time: 2026-11-25", "peer: 127.0.0.1", "text: *", "text: mail",
        "method: tools/call", "action: search", "kind: agent", "unread: *", "trace: 4bf9*", "*", "direction: to-client", "duration: [* TO *]", "time: *",
    ];

    private readonly Random _random = new(seed);

    public string Next() => Next(4);

    private string Next(int depth) => depth == 0 ? Leaf() : _random.Next(6) switch
    {
        0 => $"({Next(depth - 1)}) and ({Next(depth - 1)})",
        1 => $"({Next(depth - 1)}) or ({Next(depth - 1)})",
        2 => $"not ({Next(depth - 1)})",
        3 => $"{Next(depth - 1)} {Leaf()}",
        _ => Leaf(),
    };

    private string Leaf() => Leaves[_random.Next(Leaves.Length)];
}
