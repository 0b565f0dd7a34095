namespace McpLedger.Gateway.Tools;

/// <summary>Why a tool is withheld until an operator approves it. The zero value withholds (I7).</summary>
internal enum ToolHold
{
    /// <summary>Its server never listed it, so there is nothing that could have been approved.</summary>
    NeverListed = 0,

    /// <summary>It was listed for the first time where first sights wait for an operator.</summary>
    FirstSeen = 1,

    /// <summary>Its definition changed at high risk since it was pinned.</summary>
    Changed = 2,

    /// <summary>It is not withheld.</summary>
    None = 3,

    /// <summary>Its definition bears marks of an attack, and was served before anybody looked.</summary>
    Marked = 4,

    /// <summary>It is no tool: the server's instructions are pinned under its name.</summary>
    Reserved = 5,
}
