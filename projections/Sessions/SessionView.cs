using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Sessions;

/// <summary>What belongs together by protocol, trace or actor.</summary>
public sealed record SessionView
{
    /// <summary>Id of the session.</summary>
    public required string Session { get; init; }

    /// <summary>protocol | trace | actor.</summary>
    public required string Kind { get; init; }

    /// <summary>Who asked first.</summary>
    public required string Principal { get; init; }

    /// <summary>The agent that acted for the principal.</summary>
    public string? Agent { get; init; }

    /// <summary>The client's own word about itself.</summary>
    public string? Client { get; init; }

    /// <summary>Time of the first event.</summary>
    public required DateTimeOffset First { get; init; }

    /// <summary>Time of the last event.</summary>
    public required DateTimeOffset Last { get; init; }

    /// <summary>Calls and how they went; an <c>initialize</c> counts in the session in which it ended.</summary>
    public CallCounts Counts { get; init; } = new();

    /// <summary>Servers addressed; the first 64 by name.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Tools called, <c>server/tool</c>; the first 64 by name.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>An actor's activity cut at gaps of 15 minutes, the newest 64; empty for other kinds.</summary>
    public IReadOnlyList<ActivityWindow> Windows { get; init; } = [];

    /// <summary>Windows there have been.</summary>
    public long WindowCount { get; init; }
}

/// <summary>A stretch of activity.</summary>
/// <param name="First">Its first event.</param>
/// <param name="Last">Its last event.</param>
/// <param name="Calls">Calls begun or refused in it, and <c>initialize</c>s ended.</param>
public sealed record ActivityWindow(DateTimeOffset First, DateTimeOffset Last, long Calls);
