using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Tools;

namespace McpLedger.Gateway.Tools;

/// <summary>A tool of a server, or its instructions.</summary>
internal readonly record struct ToolKey(string Server, string Tool)
{
    /// <summary>Whether the server's instructions are meant.</summary>
    public bool IsInstructions => Tool == ServerInstructions.Name;
}

/// <summary>What the control log says about the definition of a tool, or about a server's instructions.</summary>
/// <param name="Pinned">Digest of the definition that changes are measured against.</param>
/// <param name="Content">That definition, as the server sent it.</param>
/// <param name="Seen">Digest of the definition last listed.</param>
/// <param name="Hold">Why it waits for an operator.</param>
internal sealed record PinnedTool(Digest Pinned, RawJson Content, Digest Seen, ToolHold Hold)
{
    /// <summary>The risk at which a change is withheld.</summary>
    public const string HighRisk = "high";

    /// <summary>The headers that its calls must carry, as the pinned definition says.</summary>
    public IReadOnlyList<ParameterMark> Marks { get; } = ParameterMarks.Of(Content.Utf8);

    /// <summary>Whether an operator approved the definition that is pinned.</summary>
    public bool IsApproved { get; init; }

    /// <summary>Whether an operator approved the definition that was last listed.</summary>
    public bool IsSeenApproved => IsApproved && Seen == Pinned;

    /// <summary>First seen, or approved by an operator: from now on this definition is what changes are measured against.</summary>
    public static PinnedTool Of(ToolPinned pinned) =>
        new(pinned.Definition, pinned.Content, pinned.Definition, pinned.Held is true ? ToolHold.FirstSeen : ToolHold.None) { IsApproved = pinned.ApprovedBy is not null };

    /// <summary>After another pin of the same tool. An approval is of one definition: what the server lists by now, where that is another, waits as it did.</summary>
    public PinnedTool After(ToolPinned pinned) =>
        !pinned.MovesPin() ? this
        : pinned.Definition == Seen ? Of(pinned)
        : new(pinned.Definition, pinned.Content, Seen, Hold) { IsApproved = true };

    /// <summary>After a finding withheld a definition. What an operator approved stays, and so does what waits already.</summary>
    public PinnedTool After(FindingRaised finding) =>
        Hold == ToolHold.None && finding.Text == Seen && !IsSeenApproved ? this with { Hold = ToolHold.Marked } : this;

    /// <summary>After the server listed another definition. A tool that nobody approved yet stays held, whatever becomes of it; one that is what an operator approved does not.</summary>
    public PinnedTool After(ToolChanged changed) => this with
    {
        Seen = changed.Definition,
        Hold = IsApproved && changed.Definition == Pinned ? ToolHold.None
            : Hold is ToolHold.FirstSeen or ToolHold.Marked ? Hold
            : changed.Definition != Pinned && string.Equals(changed.Risk, HighRisk, StringComparison.Ordinal) ? ToolHold.Changed
            : ToolHold.None,
    };
}
