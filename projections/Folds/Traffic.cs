using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Folds;

/// <summary>What the events of the calls log have in common.</summary>
/// <param name="Who">Who asked.</param>
/// <param name="What">What was asked.</param>
/// <param name="Where">Where it came from.</param>
internal readonly record struct Traffic(Caller Who, CallTarget What, Place Where)
{
    public static Traffic? Of(EventData data) => data switch
    {
        CallIntended e => new(e.Who, e.What, e.Where),
        CallRefused e => new(e.Who, e.What, e.Where),
        CallCompleted e => new(e.Who, e.What, e.Where),
        MessageRelayed e => new(e.Who, e.What, e.Where),
        _ => null,
    };
}

/// <summary>How many calls, and how they went.</summary>
public sealed record CallCounts
{
    /// <summary>Calls begun or refused.</summary>
    public long Calls { get; init; }

    /// <summary>Calls refused.</summary>
    public long Refused { get; init; }

    /// <summary>Calls that ended.</summary>
    public long Completed { get; init; }

    /// <summary>Calls that ended with another outcome than <c>ok</c>.</summary>
    public long Failed { get; init; }

    /// <summary>Messages inside streams, notifications, and what servers asked.</summary>
    public long Messages { get; init; }

    /// <summary>Calls begun that have not ended.</summary>
    public long Open => Math.Max(0, Calls - Refused - Completed);

    internal CallCounts After(EventData data) => data switch
    {
        CallIntended => this with { Calls = Calls + 1 },
        CallRefused => this with { Calls = Calls + 1, Refused = Refused + 1 },
        CallCompleted e => this with { Completed = Completed + 1, Failed = Failed + (e.Outcome == CallOutcome.Ok ? 0 : 1) },
        MessageRelayed => this with { Messages = Messages + 1 },
        _ => this,
    };
}
