using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace McpLedger.Host.Configuration;

/// <summary>One MCP server: a command to start, a URL, or several destinations of the same server.</summary>
internal sealed record ServerSection
{
    [Description("Program to start, for a stdio server. One process per session.")]
    public string? Command { get; init; }

    [Description("Arguments of command, as they are: no shell sees them. ${file:…} and ${env:…} are looked up.")]
    public ImmutableArray<SecretText> Args { get; init; } = [];

    [Description("Whole environment of command besides PATH, HOME, LANG and TMPDIR. ${file:…} and ${env:…} are looked up.")]
    public ImmutableDictionary<string, SecretText> Env { get; init; } = ImmutableDictionary<string, SecretText>.Empty;

    [Description("Working directory of command, relative to this file.")]
    public string? Cwd { get; init; }

    [Description("Most processes of command at once; a further session gets 503. One principal has at most half of them, anonymous all.")]
    [Range(1, 100_000)]
    public int MaxProcesses { get; init; } = 64;

    [Description("A session of command without traffic for this long is ended.")]
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromMinutes(30);

    [Description("From closing stdin of command to SIGTERM, and from there to SIGKILL.")]
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(3);

    [Description("Address of an HTTP server. ${file:…} and ${env:…} are looked up.")]
    public SecretText? Url { get; init; }

    [Description("Several addresses of the same HTTP server, by name, instead of url.")]
    public ImmutableDictionary<string, Uri> Destinations { get; init; } = ImmutableDictionary<string, Uri>.Empty;

    [Description("http: Streamable HTTP, of either era. sse: HTTP+SSE of 2024-11-05.")]
    [AllowedValues("http", "sse")]
    public string Transport { get; init; } = "http";

    [Description("Headers toward the server, credentials among them. ${file:…} and ${env:…} are looked up. The caller's own never reach it.")]
    public ImmutableDictionary<string, SecretText> Headers { get; init; } = ImmutableDictionary<string, SecretText>.Empty;

    [Description("How a destination is chosen.")]
    [AllowedValues("PowerOfTwoChoices", "RoundRobin", "LeastRequests", "Random", "FirstAlphabetical")]
    public string Balancing { get; init; } = "PowerOfTwoChoices";

    [Description("How destinations are checked.")]
    public HealthSection Health { get; init; } = new();

    [Description("Longest wait for the first byte of an answer.")]
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    [Description("Longest silence inside a stream that belongs to a call; 0s for no bound.")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    [Description("Refuses requests of the legacy era (before 2026-07-28).")]
    public bool ModernOnly { get; init; }

    [Description("How this server's tools come to be served, where that differs from the section tools.")]
    public ServerToolsSection Tools { get; init; } = new();

    [Description("How this server's texts are screened, where that differs from the section screening.")]
    public ServerScreeningSection Screening { get; init; } = new();
}

internal sealed record ServerToolsSection
{
    [Description("serve or hold, for this server. Default: tools.first.")]
    [AllowedValues("serve", "hold")]
    public string? First { get; init; }
}

internal sealed record HealthSection
{
    [Description("Path that active checks ask for, such as /healthz, from the root of each destination's host. Without it there are none.")]
    [RegularExpression("^/.*$")]
    public string? Path { get; init; }

    [Description("Time between two active checks.")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    [Description("Takes a destination out after failed calls.")]
    public bool Passive { get; init; } = true;

    [Description("How long a destination that was taken out stays out.")]
    public TimeSpan Reactivation { get; init; } = TimeSpan.FromSeconds(30);
}
