namespace McpLedger.Projections.ToolCatalog;

/// <summary>A tool of a configured server: what it is, what it was, and how it was used. A server's instructions have a view of the same kind.</summary>
public sealed record ToolView
{
    /// <summary>Server in the configuration.</summary>
    public required string Server { get; init; }

    /// <summary>Name of the tool; <c>:instructions</c>, which is no tool's, for the server's instructions.</summary>
    public required string Tool { get; init; }

    /// <summary>Digest of the definition as last listed; null when it was called but never listed.</summary>
    public string? Definition { get; init; }

    /// <summary>Digest of the definition that an operator, or the first listing, vouched for.</summary>
    public string? Pinned { get; init; }

    /// <summary>The definition as last listed, as the server sent it; left out of lists.</summary>
    public string? Content { get; init; }

    /// <summary>True when the tool differs from what was pinned.</summary>
    public bool Changed => Definition is not null && Definition != Pinned;

    /// <summary>True when it was listed for the first time where that waits for an operator, and none has approved it yet.</summary>
    public bool Held { get; init; }

    /// <summary>none | low | high: how much the definition as last listed differs from the pinned one; null when it does not.</summary>
    public string? Risk { get; init; }

    /// <summary>True while the gateway neither lists it nor passes its calls, nor the instructions: it is held, or changed at high risk.</summary>
    public bool Withheld => Held || (Changed && Risk == "high");

    /// <summary>The operator who approved the pinned definition; null when the first listing vouches for it.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>unlisted (called, never listed) | held | changed | approved (by an operator) | pinned (by its first listing).</summary>
    public string State => Definition is null ? "unlisted" : Held ? "held" : Changed ? "changed" : ApprovedBy is not null ? "approved" : "pinned";

    /// <summary>When it was listed first; null when it never was.</summary>
    public DateTimeOffset? FirstSeen { get; init; }

    /// <summary>When its definition changed last; null when it never did.</summary>
    public DateTimeOffset? LastChanged { get; init; }

    /// <summary>When it was called first.</summary>
    public DateTimeOffset? FirstCalled { get; init; }

    /// <summary>When it was called last.</summary>
    public DateTimeOffset? LastCalled { get; init; }

    /// <summary>Calls forwarded.</summary>
    public long Calls { get; init; }

    /// <summary>Calls that ended with another outcome than <c>ok</c>.</summary>
    public long Failed { get; init; }

    /// <summary>What became of its definition, oldest first; the newest 32; left out of lists.</summary>
    public IReadOnlyList<DefinitionStep> History { get; init; } = [];
}

/// <summary>A definition that was pinned, or that took the place of another.</summary>
public sealed record DefinitionStep
{
    /// <summary>pinned | held | changed | marked (a finding withheld it) | approved.</summary>
    public required string Step { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Id of the event.</summary>
    public required string Event { get; init; }

    /// <summary>Digest of the definition.</summary>
    public required string Definition { get; init; }

    /// <summary>Digest before, for a change.</summary>
    public string? Previous { get; init; }

    /// <summary>Who approved it, for an approval.</summary>
    public string? By { get; init; }

    /// <summary>none | low | high, for a change.</summary>
    public string? Risk { get; init; }

    /// <summary>Field by field, what changed, the first ones: of the newest change up to 100 and 64 Ki characters, of those before it up to 16 and 2 Ki.</summary>
    public IReadOnlyList<DefinitionChange> Changes { get; init; } = [];

    /// <summary>Changes beyond <see cref="Changes"/>, which only the event holds.</summary>
    public int Left { get; init; }
}

/// <summary>One difference between two definitions.</summary>
/// <param name="Path">JSON pointer (RFC 6901).</param>
/// <param name="Before">Canonical JSON before; null when the field is new.</param>
/// <param name="After">Canonical JSON now; null when the field is gone.</param>
/// <param name="Risk">none | low | high.</param>
/// <param name="Cut">True when one of these was longer than is kept: it is shown around the first difference, between ellipses, and the event holds the whole.</param>
public sealed record DefinitionChange(string Path, string? Before, string? After, string Risk, bool Cut);
