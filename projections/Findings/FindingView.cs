namespace McpLedger.Projections.Findings;

/// <summary>Something that a detector found, and what an analyst made of it.</summary>
public sealed record FindingView
{
    /// <summary>Its id.</summary>
    public required string Finding { get; init; }

    /// <summary>When it was raised.</summary>
    public required DateTimeOffset Raised { get; init; }

    /// <summary>The event that raised it.</summary>
    public required string Event { get; init; }

    /// <summary>What kind of thing was found.</summary>
    public required string Detector { get; init; }

    /// <summary>Which of the detector's rules; null where it is its own.</summary>
    public string? Rule { get; init; }

    /// <summary>low | medium | high | critical.</summary>
    public required string Severity { get; init; }

    /// <summary>open | confirmed | rejected.</summary>
    public required string State { get; init; }

    /// <summary>The call that gave rise to it.</summary>
    public string? Call { get; init; }

    /// <summary>Further calls that belong to it, oldest first.</summary>
    public IReadOnlyList<string> Calls { get; init; } = [];

    /// <summary>The session.</summary>
    public string? Session { get; init; }

    /// <summary>The principal.</summary>
    public string? Principal { get; init; }

    /// <summary>The client's own word about itself.</summary>
    public string? Client { get; init; }

    /// <summary>Server in the configuration.</summary>
    public string? Server { get; init; }

    /// <summary>Name of the tool.</summary>
    public string? Tool { get; init; }

    /// <summary>arguments | result | message | definition; null where no text was judged.</summary>
    public string? Channel { get; init; }

    /// <summary>How strongly; null where a rule is certain.</summary>
    public ScoreView? Score { get; init; }

    /// <summary>Where in the message.</summary>
    public IReadOnlyList<SpanView> Spans { get; init; } = [];

    /// <summary>What was found, in words.</summary>
    public required string Explanation { get; init; }

    /// <summary>SHA-256 of the text that was scored; shown to those who may see payloads, since it tells whether a guess of the text is right.</summary>
    public string? Text { get; init; }

    /// <summary>What came of it.</summary>
    public IReadOnlyList<string> Effects { get; init; } = [];

    /// <summary>Whether it was raised after the answer had been released.</summary>
    public bool Late { get; init; }

    /// <summary>Who judged it last; null while it is open.</summary>
    public string? ReviewedBy { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? Reviewed { get; init; }

    /// <summary>Why, in the analyst's words.</summary>
    public string? Note { get; init; }
}

/// <summary>A score and what it was held against.</summary>
public sealed record ScoreView(double Value, double Threshold, string Model, string Digest);

/// <summary>A stretch of a message: JSON pointer of the value, first byte in the message, bytes.</summary>
public sealed record SpanView(string Path, long Start, long Length);

/// <summary>Which findings are wanted. Every member that is not null must be equal.</summary>
public sealed record FindingFilter
{
    /// <summary>open | confirmed | rejected.</summary>
    public string? State { get; init; }

    /// <summary>The detector.</summary>
    public string? Detector { get; init; }

    /// <summary>low | medium | high | critical.</summary>
    public string? Severity { get; init; }

    /// <summary>The session.</summary>
    public string? Session { get; init; }

    /// <summary>The principal.</summary>
    public string? Principal { get; init; }

    /// <summary>The server.</summary>
    public string? Server { get; init; }

    /// <summary>Earliest, inclusive.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Latest, inclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Findings of a page, 1 to 200.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }

    /// <summary>The columns that must be equal, with their values.</summary>
    internal IEnumerable<(string Column, string Value)> Equal()
    {
        (string, string?)[] columns = [("state", State), ("detector", Detector), ("severity", Severity), ("session", Session), ("principal", Principal), ("server", Server)];
        return columns.Where(c => c.Item2 is not null).Select(c => (c.Item1, c.Item2!));
    }
}
