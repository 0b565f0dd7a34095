using System.Collections.Frozen;

namespace McpLedger.Contracts.Search;

/// <summary>Every field that a search document can have. Names and kinds are part of the API: additive only.</summary>
public static class FieldCatalog
{
    /// <summary>Id of the event.</summary>
    public static SearchField Id { get; } = new("id", FieldKind.Keyword, "Id of the event.", "event.id");

    /// <summary>Id of the call the event belongs to.</summary>
    public static SearchField Call { get; } = new("call", FieldKind.Keyword, "Id of the call the event belongs to.");

    /// <summary>Type of the event, with or without its version: call.completed.</summary>
    public static SearchField Type { get; } = new("type", FieldKind.Keyword, "Type of the event, with or without its version: call.completed.", "event.action");

    /// <summary>traffic | control | housekeeping (heartbeats, checkpoints, writers).</summary>
    public static SearchField Class { get; } = new("class", FieldKind.Keyword, "traffic | control | housekeeping (heartbeats, checkpoints, writers).");

    /// <summary>When the event was written.</summary>
    public static SearchField Time { get; } = new("time", FieldKind.Time, "When the event was written.", "@timestamp");

    /// <summary>The writer.</summary>
    public static SearchField Source { get; } = new("source", FieldKind.Keyword, "The writer.");

    /// <summary>What the event is about.</summary>
    public static SearchField Subject { get; } = new("subject", FieldKind.Keyword, "What the event is about.");

    /// <summary>Partition that a checkpoint, fault or dropped segment is about.</summary>
    public static SearchField Partition { get; } = new("partition", FieldKind.Keyword, "Partition that a checkpoint, fault or dropped segment is about.");

    /// <summary>Server in the configuration.</summary>
    public static SearchField Server { get; } = new("server", FieldKind.Keyword, "Server in the configuration.");

    /// <summary>JSON-RPC method.</summary>
    public static SearchField Method { get; } = new("method", FieldKind.Keyword, "JSON-RPC method.", "mcp.method.name");

    /// <summary>request | notification | response | unreadable.</summary>
    public static SearchField Message { get; } = new("message", FieldKind.Keyword, "request | notification | response | unreadable.");

    /// <summary>Tool or prompt name, resource URI or task id.</summary>
    public static SearchField Name { get; } = new("name", FieldKind.Keyword, "Tool or prompt name, resource URI or task id.", "mcp.resource.uri");

    /// <summary>Name of the tool.</summary>
    public static SearchField Tool { get; } = new("tool", FieldKind.Keyword, "Name of the tool.", "gen_ai.tool.name");

    /// <summary>JSON-RPC id as raw JSON.</summary>
    public static SearchField Request { get; } = new("request", FieldKind.Keyword, "JSON-RPC id as raw JSON.", "jsonrpc.request.id");

    /// <summary>Who asked.</summary>
    public static SearchField Principal { get; } = new("principal", FieldKind.Keyword, "Who asked.", "user.name", "user.id");

    /// <summary>Kind of the principal: human | service | agent | anonymous | unknown.</summary>
    public static SearchField Kind { get; } = new("kind", FieldKind.Keyword, "Kind of the principal: human | service | agent | anonymous | unknown.");

    /// <summary>A team of the principal.</summary>
    public static SearchField Team { get; } = new("team", FieldKind.Keyword, "A team of the principal.");

    /// <summary>The agent that acts for the principal.</summary>
    public static SearchField Agent { get; } = new("agent", FieldKind.Keyword, "The agent that acts for the principal.", "gen_ai.agent.name");

    /// <summary>The client's own word about itself.</summary>
    public static SearchField Client { get; } = new("client", FieldKind.Keyword, "The client's own word about itself.");

    /// <summary>How the principal was authenticated.</summary>
    public static SearchField Authentication { get; } = new("authentication", FieldKind.Keyword, "How the principal was authenticated.");

    /// <summary>Id of the session.</summary>
    public static SearchField Session { get; } = new("session", FieldKind.Keyword, "Id of the session.", "mcp.session.id");

    /// <summary>forwarded | refused.</summary>
    public static SearchField Verdict { get; } = new("verdict", FieldKind.Keyword, "forwarded | refused.");

    /// <summary>A rule that decided.</summary>
    public static SearchField Rule { get; } = new("rule", FieldKind.Keyword, "A rule that decided.", "rule.id");

    /// <summary>Digest of the policy in force.</summary>
    public static SearchField Policy { get; } = new("policy", FieldKind.Keyword, "Digest of the policy in force.");

    /// <summary>ok | tool-error | protocol-error | upstream-failed | cancelled | client-gone.</summary>
    public static SearchField Outcome { get; } = new("outcome", FieldKind.Keyword, "ok | tool-error | protocol-error | upstream-failed | cancelled | client-gone.", "event.outcome");

    /// <summary>HTTP status.</summary>
    public static SearchField Status { get; } = new("status", FieldKind.Number, "HTTP status.", "http.response.status_code");

    /// <summary>JSON-RPC error code.</summary>
    public static SearchField Code { get; } = new("code", FieldKind.Number, "JSON-RPC error code.", "rpc.response.status_code");

    /// <summary>From the intent's durability to the outcome.</summary>
    public static SearchField Duration { get; } = new("duration", FieldKind.Duration, "From the intent's durability to the outcome.", "event.duration");

    /// <summary>Bytes of the message, or of a dropped segment.</summary>
    public static SearchField Size { get; } = new("size", FieldKind.Size, "Bytes of the message, or of a dropped segment.");

    /// <summary>SHA-256 of a message, of arguments or of a stream: whoever has it can test a guess of the content.</summary>
    public static SearchField Hash { get; } = new("hash", FieldKind.Keyword, "SHA-256 of a message, of arguments or of a stream. Like words it is asked by those who may see payloads.");

    /// <summary>modern | legacy.</summary>
    public static SearchField Era { get; } = new("era", FieldKind.Keyword, "modern | legacy.");

    /// <summary>Protocol revision.</summary>
    public static SearchField Protocol { get; } = new("protocol", FieldKind.Keyword, "Protocol revision.", "mcp.protocol.version");

    /// <summary>Digest of a tool's canonical definition.</summary>
    public static SearchField Definition { get; } = new("definition", FieldKind.Keyword, "Digest of a tool's canonical definition.");

    /// <summary>Risk of a changed tool: none | low | high.</summary>
    public static SearchField Risk { get; } = new("risk", FieldKind.Keyword, "Risk of a changed tool: none | low | high.");

    /// <summary>Id of a finding.</summary>
    public static SearchField Finding { get; } = new("finding", FieldKind.Keyword, "Id of a finding.");

    /// <summary>Detector that found something.</summary>
    public static SearchField Detector { get; } = new("detector", FieldKind.Keyword, "Detector that found something: injection | dlp | loop | hijack | ….");

    /// <summary>low | medium | high | critical.</summary>
    public static SearchField Severity { get; } = new("severity", FieldKind.Keyword, "How much a finding matters: low | medium | high | critical.", "event.severity");

    /// <summary>A session's label.</summary>
    public static SearchField Label { get; } = new("label", FieldKind.Keyword, "A label that a session got: flagged | untrusted-content | private-data | can-send-out.");

    /// <summary>Address of the peer.</summary>
    public static SearchField Peer { get; } = new("peer", FieldKind.Keyword, "Address of the peer.", "source.ip", "client.address");

    /// <summary>W3C trace id.</summary>
    public static SearchField Trace { get; } = new("trace", FieldKind.Keyword, "W3C trace id.", "trace.id");

    /// <summary>Destination of the upstream that was used.</summary>
    public static SearchField Upstream { get; } = new("upstream", FieldKind.Keyword, "Destination of the upstream that was used.");

    /// <summary>to-server | to-client.</summary>
    public static SearchField Direction { get; } = new("direction", FieldKind.Keyword, "to-server | to-client.");

    /// <summary>Public id of an API key.</summary>
    public static SearchField Key { get; } = new("key", FieldKind.Keyword, "Public id of an API key.");

    /// <summary>Who changed or read the ledger itself.</summary>
    public static SearchField Actor { get; } = new("actor", FieldKind.Keyword, "Who changed or read the ledger itself.");

    /// <summary>What was done to the ledger itself.</summary>
    public static SearchField Action { get; } = new("action", FieldKind.Keyword, "What was done to the ledger itself.");

    /// <summary>What broke a chain.</summary>
    public static SearchField Fault { get; } = new("fault", FieldKind.Keyword, "What broke a chain.");

    /// <summary>Why not all content was indexed: long | missing (its blob) | encoded (no JSON).</summary>
    public static SearchField Unread { get; } = new("unread", FieldKind.Keyword, "Why not all content was indexed: long | missing (its blob) | encoded (no JSON).");

    /// <summary>Everything that was said: names, strings and whole numbers of messages, and reasons. Bare words ask it too.</summary>
    public static SearchField Text { get; } = new("text", FieldKind.Text, "Everything that was said: names, strings and whole numbers of messages, and reasons. Bare words ask it too. It is asked by those who may see payloads.");

    private static readonly FrozenDictionary<string, SearchField> ByName = All()
        .SelectMany(f => f.Aliases.Prepend(f.Name), (f, name) => (name, f))
        .ToFrozenDictionary(p => p.name, p => p.f, StringComparer.OrdinalIgnoreCase);

    /// <summary>All fields.</summary>
    public static IReadOnlyList<SearchField> Fields { get; } = All();

    /// <summary>The field of that name or alias, without regard to case; null when there is none.</summary>
    public static SearchField? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>At most three names nearest to one that is no field's.</summary>
    public static IReadOnlyList<string> Near(string name) =>
        [.. ByName.Keys.Select(k => (Key: k, Distance: Distance(k, name)))
            .Where(p => p.Distance <= Math.Max(2, name.Length / 3))
            .OrderBy(p => p.Distance).ThenBy(p => p.Key, StringComparer.Ordinal).Take(3).Select(p => p.Key)];

    private static SearchField[] All() =>
    [
        Id, Call, Type, Class, Time, Source, Subject, Partition, Server, Method, Message, Name, Tool, Request, Principal, Kind, Team, Agent, Client, Authentication,
        Session, Verdict, Rule, Policy, Outcome, Status, Code, Duration, Size, Hash, Era, Protocol, Definition, Risk, Finding, Detector, Severity, Label, Peer, Trace, Upstream, Direction, Key, Actor, Action, Fault, Unread, Text,
    ];

    // Levenshtein's distance, on names cut to a length no field has.
    private static int Distance(string a, string b)
    {
        const int Longest = 40;
        var left = a.AsSpan(0, Math.Min(a.Length, Longest));
        var right = b.AsSpan(0, Math.Min(b.Length, Longest));
        Span<int> row = stackalloc int[Longest + 1];
        for (var j = 0; j <= right.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                var next = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
                diagonal = row[j];
                row[j] = next;
            }
        }

        return row[right.Length];
    }
}
