using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Gateway.Tools;

/// <summary>A tool of a server.</summary>
internal readonly record struct ToolKey(string Server, string Tool);

/// <summary>What the control log says about a tool's definition.</summary>
/// <param name="Pinned">Digest of the approved definition.</param>
/// <param name="Content">The approved definition, as the server sent it.</param>
/// <param name="Seen">Digest of the definition last listed.</param>
/// <param name="IsWithheld">Whether what was last listed waits for approval.</param>
internal sealed record PinnedTool(Digest Pinned, RawJson Content, Digest Seen, bool IsWithheld)
{
    private const string HighRisk = "high";

    /// <summary>First seen, or approved by an operator: from now on this definition is what changes are measured against.</summary>
    public static PinnedTool Of(ToolPinned pinned) => new(pinned.Definition, pinned.Content, pinned.Definition, IsWithheld: false);

    /// <summary>After the server listed another definition.</summary>
    public PinnedTool After(ToolChanged changed) =>
        this with { Seen = changed.Definition, IsWithheld = changed.Definition != Pinned && string.Equals(changed.Risk, HighRisk, StringComparison.Ordinal) };
}
