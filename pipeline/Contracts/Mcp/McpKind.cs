namespace McpLedger.Contracts.Mcp;

/// <summary>What a JSON-RPC message is (JSON-RPC 2.0 §4, §5).</summary>
public enum McpKind
{
    /// <summary>Not one that could be read.</summary>
    Unreadable = 0,

    /// <summary>It has a method and an id: an answer is due.</summary>
    Request = 1,

    /// <summary>It has a method and no id: no answer is due.</summary>
    Notification = 2,

    /// <summary>It has a result or an error.</summary>
    Response = 3,
}

/// <summary>Which of the protocol's two ways to carry its version, capabilities and sessions is spoken.</summary>
public enum McpEra
{
    /// <summary>Not told yet.</summary>
    Unknown = 0,

    /// <summary>2024-11-05 to 2025-11-25: <c>initialize</c>, sessions, server requests.</summary>
    Legacy = 1,

    /// <summary>2026-07-28 and later: stateless, every request carries its version and capabilities in <c>_meta</c>.</summary>
    Modern = 2,
}
