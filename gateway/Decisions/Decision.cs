namespace McpLedger.Gateway.Decisions;

/// <summary>What is to become of a call.</summary>
internal abstract record Decision
{
    private Decision(IReadOnlyList<string> rules) => Rules = rules;

    /// <summary>The rules that decided.</summary>
    public IReadOnlyList<string> Rules { get; }

    /// <summary>It may pass as it is.</summary>
    internal sealed record Forward(IReadOnlyList<string> AllowedBy) : Decision(AllowedBy);

    /// <summary>It may not pass.</summary>
    /// <param name="DecidedBy">The rules that said so; none when no rule allowed it.</param>
    /// <param name="Kind">How much the caller is told.</param>
    /// <param name="Reason">Why, in words that a model can read.</param>
    internal sealed record Refuse(IReadOnlyList<string> DecidedBy, RefusalKind Kind, string Reason) : Decision(DecidedBy)
    {
        /// <summary>Facts that decided and are nowhere else in the event; null for none.</summary>
        public IReadOnlyDictionary<string, string>? Facts { get; init; }
    }
}

/// <summary>How much a refused caller is told. The zero value tells least (I7).</summary>
internal enum RefusalKind
{
    /// <summary>As if it did not exist: the answer to a tool that is not there.</summary>
    Hidden = 0,

    /// <summary>The server does not exist.</summary>
    UnknownServer = 1,

    /// <summary>The reason, so that a model can act on it.</summary>
    Told = 2,
}
