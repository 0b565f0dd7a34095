namespace McpLedger.Contracts.Events;

/// <summary>One event: the envelope (CloudEvents 1.0 attributes and the chain's) and what happened.</summary>
public sealed record LedgerEvent(EventHeader Header, EventData Data);

/// <summary>The envelope of an event.</summary>
public sealed record EventHeader
{
    /// <summary>Unique id, UUIDv7.</summary>
    public required EventId Id { get; init; }

    /// <summary>Name and version of what happened, such as <c>call.intended.v1</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The writer that made it: <c>/{role}/{instance}/{boot epoch}</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The writer's wall clock, UTC, microseconds.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What it is about: <c>{server}/{name}</c> for calls, otherwise the thing's own id. Null when the type says it all.</summary>
    public string? Subject { get; init; }

    /// <summary>Where it stands in its writer's chain.</summary>
    public required ChainLink Chain { get; init; }
}

/// <summary>What happened. A closed set: past tense, immutable, additive within a version.</summary>
public abstract record EventData
{
    private protected EventData()
    {
    }
}

/// <summary>An event whose type this build does not know. Its bytes are kept, so nothing is lost to an older reader.</summary>
public sealed record UnknownEvent(RawJson Raw) : EventData;
