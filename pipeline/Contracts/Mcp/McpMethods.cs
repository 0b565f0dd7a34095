namespace McpLedger.Contracts.Mcp;

/// <summary>The methods that the protocol defines, those of all its revisions together.</summary>
public static class McpMethods
{
    /// <summary>Whether some revision defines <paramref name="method"/>; any other text is a client's own.</summary>
    public static bool IsKnown(string method) => McpNames.IsKnown(method);
}
