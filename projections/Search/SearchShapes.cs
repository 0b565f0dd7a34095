using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search;

/// <summary>What is asked.</summary>
public sealed record SearchRequest
{
    /// <summary>Most hits of one page.</summary>
    public const int MostHits = 200;

    /// <summary>In the query language; empty asks for everything.</summary>
    public string Query { get; init; } = "";

    /// <summary>Earliest time, inclusive; null for no bound.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Latest time, inclusive; null for no bound.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Hits of a page, 1 to <see cref="MostHits"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether heartbeats, checkpoints, and writers' starts and stops are among the hits.</summary>
    public bool Housekeeping { get; init; }

    /// <summary>Whether totals, facets and the histogram are wanted.</summary>
    public bool Summary { get; init; } = true;
}

/// <summary>A page of hits, newest first, and what they are among.</summary>
/// <param name="Hits">The page.</param>
/// <param name="Cursor">Asks for the next page; null when this is the last.</param>
/// <param name="Summary">Null when it was not asked for.</param>
public sealed record SearchPage(IReadOnlyList<Hit> Hits, string? Cursor, SearchSummary? Summary);

/// <summary>An event that matches. The whole event is at <c>/api/v1/events/{event}</c>.</summary>
public sealed record Hit
{
    /// <summary>Id of the event.</summary>
    public required string Event { get; init; }

    /// <summary>Type of the event.</summary>
    public required string Type { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Id of its call.</summary>
    public string? Call { get; init; }

    /// <summary>Server in the configuration.</summary>
    public string? Server { get; init; }

    /// <summary>JSON-RPC method.</summary>
    public string? Method { get; init; }

    /// <summary>Tool or prompt name, resource URI or task id.</summary>
    public string? Name { get; init; }

    /// <summary>Who asked.</summary>
    public string? Principal { get; init; }

    /// <summary>Id of the session.</summary>
    public string? Session { get; init; }

    /// <summary>forwarded | refused.</summary>
    public string? Verdict { get; init; }

    /// <summary>How the call ended.</summary>
    public string? Outcome { get; init; }

    /// <summary>HTTP status.</summary>
    public long? Status { get; init; }

    /// <summary>JSON-RPC error code.</summary>
    public long? Code { get; init; }

    /// <summary>Microseconds.</summary>
    public long? DurationMicros { get; init; }

    /// <summary>Bytes of the message.</summary>
    public long? Size { get; init; }

    /// <summary>Partition of the ledger.</summary>
    public required string Partition { get; init; }

    /// <summary>Offset in the partition.</summary>
    public required long Offset { get; init; }

    internal static Hit Of(LedgerRecord record, SearchDocument document) => new()
    {
        Event = document.Id.ToString(),
        Type = document.Type,
        Time = DateTimeOffset.UnixEpoch.AddMicroseconds(document.Micros),
        Call = document.First(FieldCatalog.Call),
        Server = document.First(FieldCatalog.Server),
        Method = document.First(FieldCatalog.Method),
        Name = document.First(FieldCatalog.Name),
        Principal = document.First(FieldCatalog.Principal),
        Session = document.First(FieldCatalog.Session),
        Verdict = document.First(FieldCatalog.Verdict),
        Outcome = document.First(FieldCatalog.Outcome),
        Status = document.Number(FieldCatalog.Status),
        Code = document.Number(FieldCatalog.Code),
        DurationMicros = document.Number(FieldCatalog.Duration),
        Size = document.Number(FieldCatalog.Size),
        Partition = record.Partition.ToString(),
        Offset = record.Offset,
    };
}

/// <summary>How many events match, and how they spread.</summary>
/// <param name="Total">How many, as far as <paramref name="Basis"/> knows.</param>
/// <param name="Basis">
/// <c>exact</c>; <c>newest</c>: more match than the <paramref name="Total"/> newest, which alone were counted; <c>hourly-sums</c>: sums kept by the hour, so whole hours at both ends count;
/// <c>facets-short</c>: the total is of every hit, and a facet's value may have more than is shown.
/// </param>
/// <param name="Facets">The commonest values of each field.</param>
/// <param name="Histogram">Counts over time, oldest first.</param>
public sealed record SearchSummary(long Total, string Basis, IReadOnlyList<Facet> Facets, TimeHistogram Histogram);

/// <summary>The commonest values of a field among what matches.</summary>
public sealed record Facet(string Field, IReadOnlyList<FacetValue> Values)
{
    /// <summary>Where its counts are of so many newest hits only, while the total is of more; null where they are of what the summary's basis says.</summary>
    public long? Newest { get; init; }
}

/// <summary>A value and how often it is there.</summary>
public sealed record FacetValue(string Value, long Count);

/// <summary>Counts over time.</summary>
/// <param name="IntervalMicros">Width of a bucket, microseconds.</param>
/// <param name="Buckets">Buckets that are not empty.</param>
public sealed record TimeHistogram(long IntervalMicros, IReadOnlyList<TimeBucket> Buckets);

/// <summary>A stretch of time and how many fall into it.</summary>
public sealed record TimeBucket(DateTimeOffset Start, long Count);

/// <summary>An answer, or why there is none.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Fault">Why the request cannot be answered as it is.</param>
public readonly record struct Answer<T>(T? Value, RequestFault? Fault)
    where T : class;

/// <summary>What is wrong with a request.</summary>
/// <param name="Field">Name of the parameter.</param>
/// <param name="Detail">What is wrong.</param>
/// <param name="Fix">What to write instead.</param>
/// <param name="Position">Where in the parameter, from 0; null for all of it.</param>
public sealed record RequestFault(string Field, string Detail, string Fix, int? Position);
