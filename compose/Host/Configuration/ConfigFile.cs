using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace McpLedger.Host.Configuration;

/// <summary>
/// <c>mcpledger.yaml</c> as it is written, with the defaults of what is not. The binder, the JSON Schema and the reference table are all made from this type,
/// so a key that stands here is accepted, suggested and described, and no other is.
/// </summary>
internal sealed record ConfigFile
{
    [Description("Where events are kept, for how long, and how they are signed.")]
    public LedgerSection Ledger { get; init; } = new();

    [Description("Where clients reach the gateway.")]
    public ListenSection Listen { get; init; } = new();

    [Description("The MCP servers behind the gateway, by name; each is reached at /s/{name}/mcp.")]
    public ImmutableDictionary<string, ServerSection> Servers { get; init; } = ImmutableDictionary<string, ServerSection>.Empty;

    [Description("Who callers are when they bring no API key.")]
    public PrincipalsSection Principals { get; init; } = new();

    [Description("Who may call what. A call passes when some allow rule matches and no block rule does; without any rule everything is refused.")]
    public ImmutableArray<RuleSection> Rules { get; init; } = [];

    [Description("How tools come to be served.")]
    public ToolsSection Tools { get; init; } = new();

    [Description("What recorded calls are watched for, and what follows.")]
    public DetectionSection Detection { get; init; } = new();

    [Description("What is looked for in what passes: attacks on models, secrets, personal data, hidden characters, code.")]
    public ScreeningSection Screening { get; init; } = new();

    [Description("Bounds on what is read from the wire.")]
    public LimitsSection Limits { get; init; } = new();

    [Description("Bounds on servers that are bridged: commands, and HTTP+SSE.")]
    public BridgeSection Bridge { get; init; } = new();

    [Description("How session ids are sealed.")]
    public SessionsSection Sessions { get; init; } = new();

    [Description("Other replicas, for sessions that have a live process or stream there: instance names, each with the base URL where one hop reaches it; or dns:http://name:port, a name that leads to all of them.")]
    public PeersValue Peers { get; init; } = PeersValue.None;

    [Description("Name of this instance in events and chains: lower-case letters, digits and '-'. Default: made at first start and kept in the data folder.")]
    [RegularExpression("^[a-z0-9][a-z0-9-]{0,62}$")]
    public string? Instance { get; init; }

    [Description("Apache Kafka as the ledger, for roles on several machines. Without it the ledger is files of this machine.")]
    public KafkaSection? Kafka { get; init; }

    [Description("PostgreSQL for the read models, together with search. Without it they are SQLite in the data folder.")]
    public PostgresSection? Postgres { get; init; }

    [Description("Elasticsearch or OpenSearch for searching, together with postgres. Without it SQLite does it.")]
    public SearchSection? Search { get; init; }

    [Description("Where metrics, traces and logs are sent.")]
    public TelemetrySection Telemetry { get; init; } = new();
}

internal sealed record LedgerSection
{
    [Description("Folder that holds the ledger, relative to this file. One writer at a time.")]
    public string Data { get; init; } = "./.mcpledger";

    [Description("What must be durable before anything passes: strict (every event), strict-request (requests; answers at once after) or best-effort (nothing waits, drops are counted).")]
    [AllowedValues("strict", "strict-request", "best-effort")]
    public string Record { get; init; } = "strict";

    [Description("Where an event must be before the call goes on: disk (this machine's, from where it is shipped at once) or quorum (Kafka's in-sync replicas; needs kafka).")]
    [AllowedValues("disk", "quorum")]
    public string Durable { get; init; } = "disk";

    [Description("How long keys, stops and pins stay in force as they were last known while the control log cannot be read (with Kafka: no broker answers). Then calls get 503, and only the admin token opens the API, until it can. Damage of that log has the same effect at once.")]
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(15);

    [Description("Most bytes the data folder may hold. A warning comes at 80 %; when it is full, calls are refused. With Kafka it is kafka.spool.bytes that bounds what lies on a machine.")]
    public ByteSize? Quota { get; init; }

    [Description("When sealed segments are dropped. Without it nothing ever is.")]
    public RetentionSection Retention { get; init; } = new();

    [Description("Algorithm of the signing key that is made at first start.")]
    [AllowedValues("ed25519", "ecdsa-p256")]
    public string Signing { get; init; } = "ed25519";

    [Description("Host part of the origin that a new ledger's checkpoints carry: {origin}/mcpledger/{8 hex digits}/{partition}. Kept once the ledger is made. Default: localhost.")]
    [RegularExpression("^[A-Za-z0-9.-]{1,253}$")]
    public string? Origin { get; init; }

    [Description("Gives /tlog (checkpoints and tiles: commitments, no payload) without a token, so that plain C2SP monitors can follow the log.")]
    public bool PublicTiles { get; init; }
}

internal sealed record RetentionSection
{
    [Description("Sealed segments whose last event is older than this are dropped.")]
    public TimeSpan? Age { get; init; }

    [Description("The oldest sealed segments are dropped until the ledger is no larger than this. Not with Kafka, which tells no sizes: there it is age that bounds.")]
    public ByteSize? Bytes { get; init; }

    [Description("Time between two looks at what may be dropped.")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);
}

internal sealed record ListenSection
{
    [Description("Address to listen on. Port 0 takes a free one.")]
    public Uri Url { get; init; } = new("http://127.0.0.1:8377");

    [Description("Certificate and key, when url is https.")]
    public TlsSection? Tls { get; init; }

    [Description("Host header values that are answered, without port. Empty: localhost, 127.0.0.1 and [::1].")]
    public ImmutableArray<string> Hosts { get; init; } = [];

    [Description("Origin header values that are answered, and whose pages a browser lets read the answers (CORS). Empty: origins whose host is one of hosts, without CORS.")]
    public ImmutableArray<string> Origins { get; init; } = [];

    [Description("How long it goes on serving after SIGTERM while /readyz says 503, so that balancers look away first: more than their check takes to notice.")]
    public TimeSpan Drain { get; init; } = TimeSpan.Zero;

    [Description("Longest wait for calls in flight at the end, before they are cut off.")]
    public TimeSpan Finish { get; init; } = TimeSpan.FromSeconds(30);
}

internal sealed record TlsSection
{
    [Description("PEM file with the certificate and its chain, relative to this file.")]
    public string? Certificate { get; init; }

    [Description("PEM file with the private key, relative to this file; mode 0600.")]
    public string? Key { get; init; }
}

internal sealed record PrincipalsSection
{
    [Description("loopback: callers from this machine without credentials are the principal 'anonymous'. off: they get 401.")]
    [AllowedValues("loopback", "off")]
    public string Anonymous { get; init; } = "off";
}

internal sealed record RuleSection
{
    [Description("Id that events cite.")]
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    public string? Id { get; init; }

    [Description("Calls that match may pass unless a block rule matches too.")]
    public MatchSection? Allow { get; init; }

    [Description("Calls that match may not pass, whatever allows them.")]
    public MatchSection? Block { get; init; }

    [Description("Why, in words a model can read and act on; told to the caller when the rule blocks.")]
    [MaxLength(500)]
    public string? Reason { get; init; }
}

internal sealed record MatchSection
{
    [Description("Principals; a name may end in *. Empty matches any.")]
    public ImmutableArray<string> Principals { get; init; } = [];

    [Description("Teams, any of the principal's. Empty matches any.")]
    public ImmutableArray<string> Teams { get; init; } = [];

    [Description("Servers; a name may end in *. Empty matches any.")]
    public ImmutableArray<string> Servers { get; init; } = [];

    [Description("Tools; a name may end in *. With it the rule speaks of tools/call only. Empty matches any.")]
    public ImmutableArray<string> Tools { get; init; } = [];

    [Description("Labels of the session, any of it: flagged, untrusted-content, private-data, can-send-out. detection.labels says which are written. Empty matches any session.")]
    public ImmutableArray<string> Labels { get; init; } = [];
}

internal sealed record ToolsSection
{
    [Description("A tool that a server lists for the first time, and instructions that it gives for the first time: serve pins and serves them; hold pins them and withholds them until 'mcpledger tools approve'. What is held already stays held.")]
    [AllowedValues("serve", "hold")]
    public string First { get; init; } = "serve";
}

internal sealed record LimitsSection
{
    [Description("Longest request body.")]
    public ByteSize Request { get; init; } = new(4L << 20);

    [Description("Longest single answer or SSE event.")]
    public ByteSize Response { get; init; } = new(32L << 20);

    [Description("Deepest nesting of a message.")]
    [Range(4, 256)]
    public int Depth { get; init; } = 64;

    [Description("Most members and items of a message, over all levels.")]
    [Range(100, 10_000_000)]
    public int Nodes { get; init; } = 100_000;

    [Description("Most messages of a 2025-03-26 batch.")]
    [Range(1, 10_000)]
    public int Batch { get; init; } = 100;

    [Description("Longest wait for a whole request body.")]
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

internal sealed record BridgeSection
{
    [Description("Longest message of a server. A longer one ends its connection.")]
    public ByteSize Message { get; init; } = new(32L << 20);

    [Description("Most requests of one session that wait for an answer; a further one gets 429.")]
    [Range(1, 100_000)]
    public int Pending { get; init; } = 128;

    [Description("Most requests of all callers together that wait on a process they share (2026-07-28). One principal has at most half of them, anonymous all.")]
    [Range(1, 1_000_000)]
    public int PendingShared { get; init; } = 4096;

    [Description("Most sessions at once with one HTTP+SSE server; a further one gets 503. One principal has at most half of them, anonymous all.")]
    [Range(1, 100_000)]
    public int Streams { get; init; } = 1024;

    [Description("Most messages that are kept for a session's GET stream, sent ones for resumption among them.")]
    [Range(1, 100_000)]
    public int Kept { get; init; } = 512;

    [Description("Longest wait for a server's first answer, which tells its era. A package runner may install the server first.")]
    public TimeSpan Probe { get; init; } = TimeSpan.FromSeconds(20);

    [Description("Silence on a GET stream after which a comment keeps the connection alive.")]
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);
}

internal sealed record SessionsSection
{
    [Description("File with the key that seals session ids, the same on every replica, relative to this file. Default: made at first start, keys/sessions.key in the data folder.")]
    public string? Key { get; init; }
}

internal sealed record TelemetrySection
{
    [Description("OTLP endpoint (gRPC), such as http://localhost:4317. OTEL_EXPORTER_OTLP_ENDPOINT does the same.")]
    public Uri? Otlp { get; init; }
}
