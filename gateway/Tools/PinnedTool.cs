using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Tools;

namespace McpLedger.Gateway.Tools;

/// <summary>A tool of a server.</summary>
internal readonly record struct ToolKey(string Server, string Tool);

/// <summary>What the control log says about a tool's definition.</summary>
/// <param name="Pinned">Digest of the definition that changes are measured against.</param>
/// <param name="Content">That definition, as the server sent it.</param>
/// <param name="Seen">Digest of the definition last listed.</param>
/// <param name="Hold">Why it waits for an operator.</param>
internal sealed record PinnedTool(Digest Pinned, RawJson Content, Digest Seen, ToolHold Hold)
{
    private const string HighRisk = "high";

    /// <summary>The headers that its calls must carry, as the pinned definition says.</summary>
    public IReadOnlyList<ParameterMark> Marks { get; } = ParameterMarks.Of(Content.Utf8);

    /// <summary>First seen, or approved by an operator: from now on this definition is what changes are measured against.</summary>
    public static PinnedTool Of(ToolPinned pinned) => new(pinned.Definition, pinned.Content, pinned.Definition, pinned.Held is true ? ToolHold.FirstSeen : ToolHold.None);

    /// <summary>After another pin of the same tool.</summary>
    public PinnedTool After(ToolPinned pinned) => pinned.MovesPin(Seen) ? Of(pinned) : this;

    /// <summary>After the server listed another definition. One that nobody approved yet stays held, whatever becomes of it.</summary>
    public PinnedTool After(ToolChanged changed) => this with
    {
        Seen = changed.Definition,
        Hold = Hold == ToolHold.FirstSeen ? ToolHold.FirstSeen
            : changed.Definition != Pinned && string.Equals(changed.Risk, HighRisk, StringComparison.Ordinal) ? ToolHold.Changed
            : ToolHold.None,
    };
}
