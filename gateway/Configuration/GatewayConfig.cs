using System.Collections.Immutable;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Configuration;

/// <summary>Everything the gateway needs to know, already checked and with every secret resolved. Immutable: a reload publishes a new one.</summary>
public sealed record GatewayConfig
{
    /// <summary>A configuration that reaches no server and lets nobody in (I7).</summary>
    public static GatewayConfig Empty { get; } = new();

    /// <summary>The servers behind this gateway, by name.</summary>
    public ImmutableSortedDictionary<string, ServerConfig> Servers { get; init; } = ImmutableSortedDictionary.Create<string, ServerConfig>(StringComparer.Ordinal);

    /// <summary>Whether callers on the loopback interface without credentials are the principal <c>anonymous</c>. Off: they get 401.</summary>
    public bool AnonymousOnLoopback { get; init; }

    /// <summary>The rules, in the order they were written. None refuses everything.</summary>
    public ImmutableArray<RuleConfig> Rules { get; init; } = [];

    /// <summary>Host header values that are answered, without port; empty answers only <c>localhost</c>, <c>127.0.0.1</c> and <c>[::1]</c>.</summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>Origin header values that are answered; empty answers only origins whose host is one of <see cref="AllowedHosts"/>. Requests without an Origin are no browser's.</summary>
    public ImmutableArray<string> AllowedOrigins { get; init; } = [];

    /// <summary>How much must be durable before something passes.</summary>
    public RecordMode Record { get; init; } = RecordMode.Strict;

    /// <summary>Bounds on what is read.</summary>
    public LimitsConfig Limits { get; init; } = new();

    /// <summary>What is looked for in what passes; null for nothing at all.</summary>
    public ScreeningConfig? Screening { get; init; }

    /// <summary>Other replicas by instance name, with the base URL where one hop reaches them, for sessions that have a live process or stream there.</summary>
    public ImmutableDictionary<string, Uri> Peers { get; init; } = ImmutableDictionary<string, Uri>.Empty;

    /// <summary>Base URL whose host's name leads to all replicas, which are asked who they are; null when <see cref="Peers"/> lists them.</summary>
    public Uri? PeerName { get; init; }
}

/// <summary>How much must be durable before something passes (design §4, Modes).</summary>
public enum RecordMode
{
    /// <summary>Every event before what it announces. The default.</summary>
    Strict = 0,

    /// <summary>Requests before they are forwarded; answers are recorded at once but not waited for.</summary>
    StrictRequest = 1,

    /// <summary>Nothing is waited for; what does not fit the queue is dropped, counted and loud.</summary>
    BestEffort = 2,
}

/// <summary>One MCP server behind the gateway, reached at <c>/s/{name}/mcp</c>.</summary>
public sealed record ServerConfig
{
    /// <summary>Name in the configuration: <c>[a-z0-9][a-z0-9-_]{0,62}</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How it is reached.</summary>
    public required UpstreamTransport Transport { get; init; }

    /// <summary>Where it is reached over HTTP, by destination name; empty for stdio.</summary>
    public ImmutableSortedDictionary<string, Uri> Destinations { get; init; } = ImmutableSortedDictionary.Create<string, Uri>(StringComparer.Ordinal);

    /// <summary>YARP load balancing policy: PowerOfTwoChoices | RoundRobin | LeastRequests | Random | FirstAlphabetical.</summary>
    public string Balancing { get; init; } = "PowerOfTwoChoices";

    /// <summary>How destinations are checked.</summary>
    public HealthConfig Health { get; init; } = new();

    /// <summary>Headers of our own toward the upstream (credentials among them), secrets resolved.</summary>
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The command of a stdio server; null for HTTP.</summary>
    public StdioConfig? Stdio { get; init; }

    /// <summary>Longest wait for the first byte of an answer.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest silence inside a stream that belongs to a call; <see cref="TimeSpan.Zero"/> for no bound. Standalone GET streams have none.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Refuses requests of the legacy era, so that nobody can be pushed down to it.</summary>
    public bool ModernOnly { get; init; }

    /// <summary>What becomes of a tool that it lists for the first time.</summary>
    public FirstTools FirstTools { get; init; } = FirstTools.Serve;

    /// <summary>How its texts are screened, where <see cref="GatewayConfig.Screening"/> is there at all.</summary>
    public ServerScreening Screening { get; init; } = ServerScreening.Ordinary;
}

/// <summary>What becomes of a tool that is listed for the first time. Either way its definition is pinned.</summary>
public enum FirstTools
{
    /// <summary>It waits for an operator: until then it is neither listed nor called, and neither is a tool that was never listed.</summary>
    Hold = 0,

    /// <summary>It is served.</summary>
    Serve = 1,
}

/// <summary>How an upstream is reached.</summary>
public enum UpstreamTransport
{
    /// <summary>Streamable HTTP, of either era.</summary>
    StreamableHttp = 0,

    /// <summary>HTTP+SSE of 2024-11-05, adapted.</summary>
    LegacySse = 1,

    /// <summary>A child process, bridged.</summary>
    Stdio = 2,
}

/// <summary>How a stdio server's processes are started and bounded.</summary>
public sealed record StdioConfig
{
    /// <summary>Program to run; from the configuration only, never from the wire.</summary>
    public required string Command { get; init; }

    /// <summary>Its arguments, as they are: no shell sees them.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Its whole environment besides PATH, HOME, LANG and TMPDIR, secrets resolved.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Its working directory; null for the gateway's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Most processes at once; a further session gets 503. One caller has at most half of them.</summary>
    public int MaxProcesses { get; init; } = 64;

    /// <summary>A session without traffic for this long is ended.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>From closing stdin to SIGTERM, and from there to SIGKILL.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>How destinations are checked (YARP's active and passive health checks).</summary>
public sealed record HealthConfig
{
    /// <summary>Path that is asked for; null for no active checks.</summary>
    public string? ActivePath { get; init; }

    /// <summary>Time between two active checks.</summary>
    public TimeSpan ActiveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Takes a destination out after failed calls.</summary>
    public bool Passive { get; init; } = true;

    /// <summary>How long a destination that passive checks took out stays out.</summary>
    public TimeSpan ReactivationPeriod { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// One rule. A call is allowed when some <see cref="RuleEffect.Allow"/> rule matches and no <see cref="RuleEffect.Block"/> rule does.
/// Every list is "any of"; an empty list matches anything; a name may end in <c>*</c>.
/// </summary>
public sealed record RuleConfig
{
    /// <summary>Id that events cite.</summary>
    public required string Id { get; init; }

    /// <summary>What a match does.</summary>
    public required RuleEffect Effect { get; init; }

    /// <summary>Principals.</summary>
    public ImmutableArray<string> Principals { get; init; } = [];

    /// <summary>Teams, any of the principal's.</summary>
    public ImmutableArray<string> Teams { get; init; } = [];

    /// <summary>Servers.</summary>
    public ImmutableArray<string> Servers { get; init; } = [];

    /// <summary>Tools. Lists other than the empty one make the rule speak of tools/call only.</summary>
    public ImmutableArray<string> Tools { get; init; } = [];

    /// <summary>Labels, any of the session's.</summary>
    public ImmutableArray<string> Labels { get; init; } = [];

    /// <summary>Why, in words a model can read; told to the caller when the rule blocks.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a rule's match does.</summary>
public enum RuleEffect
{
    /// <summary>The call may not pass, whatever else allows it.</summary>
    Block = 0,

    /// <summary>The call may pass unless something blocks it.</summary>
    Allow = 1,
}

/// <summary>Bounds on what is read from the wire.</summary>
public sealed record LimitsConfig
{
    /// <summary>Longest request body, bytes.</summary>
    public int MaxRequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Longest single answer or SSE event, bytes.</summary>
    public int MaxResponseBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Deepest nesting of a message.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>Most members and items of a message, counted over all levels.</summary>
    public int MaxNodes { get; init; } = 100_000;

    /// <summary>Most messages of a batch (2025-03-26).</summary>
    public int MaxBatch { get; init; } = 100;

    /// <summary>Longest wait for a whole request body.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
