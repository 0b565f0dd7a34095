using McpLedger.Projections.Calls;
using McpLedger.Projections.Sessions;

namespace McpLedger.Projections.Search;

/// <summary>A page of views.</summary>
/// <param name="Items">The page.</param>
/// <param name="Cursor">Asks for the next page; null when this is the last.</param>
public sealed record ViewPage<T>(IReadOnlyList<T> Items, string? Cursor);

/// <summary>Which calls are wanted. Every member that is not null must be equal.</summary>
public sealed record CallFilter
{
    /// <summary>Id of the session.</summary>
    public string? Session { get; init; }

    /// <summary>Server in the configuration.</summary>
    public string? Server { get; init; }

    /// <summary>JSON-RPC method.</summary>
    public string? Method { get; init; }

    /// <summary>Tool or prompt name, resource URI or task id.</summary>
    public string? Name { get; init; }

    /// <summary>Who asked.</summary>
    public string? Principal { get; init; }

    /// <summary>unresolved | refused | ok | tool-error | protocol-error | upstream-failed | cancelled | client-gone.</summary>
    public string? Outcome { get; init; }

    /// <summary>Whether unresolved calls are wanted beside those of <see cref="Outcome"/>: a late answer may give them that one.</summary>
    internal bool OrUnresolved { get; init; }

    /// <summary>Earliest start, inclusive.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Latest start, inclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Calls of a page, 1 to <see cref="SearchRequest.MostHits"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Which tools are wanted.</summary>
public sealed record ToolFilter
{
    /// <summary>Only this server's; null for all.</summary>
    public string? Server { get; init; }

    /// <summary>Only tools that differ from what was pinned.</summary>
    public bool Changed { get; init; }

    /// <summary>Only tools that wait for an operator.</summary>
    public bool Withheld { get; init; }

    /// <summary>Tools of a page, 1 to <see cref="SearchRequest.MostHits"/>.</summary>
    public int Limit { get; init; } = SearchRequest.MostHits;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>A call with its events and what was relayed on the way.</summary>
/// <param name="Call">The call.</param>
/// <param name="Events">Its intent or refusal, and its outcome.</param>
/// <param name="Messages">Messages relayed, oldest first; the first 200.</param>
public sealed record CallDetail(CallView Call, IReadOnlyList<Hit> Events, IReadOnlyList<Hit> Messages);

/// <summary>A session and its calls.</summary>
/// <param name="Session">The session.</param>
/// <param name="Calls">Its calls, newest first.</param>
public sealed record SessionDetail(SessionView Session, ViewPage<CallView> Calls);

/// <summary>How far the read models are.</summary>
/// <param name="Version">Version of the read models' tables.</param>
/// <param name="Partitions">Partition by partition.</param>
public sealed record ProjectionStatus(int Version, IReadOnlyList<PartitionStatus> Partitions);

/// <summary>How far the read models of a partition are.</summary>
/// <param name="Partition">Such as <c>calls-0</c>.</param>
/// <param name="Position">Offset to go on with.</param>
/// <param name="End">End of the partition.</param>
/// <param name="Lag">Offsets between the two.</param>
/// <param name="Events">Events folded.</param>
/// <param name="Newest">Time of the newest event folded; null when there is none.</param>
/// <param name="AgeSeconds">How long ago that was.</param>
public sealed record PartitionStatus(string Partition, long Position, long End, long Lag, long Events, DateTimeOffset? Newest, double? AgeSeconds);
