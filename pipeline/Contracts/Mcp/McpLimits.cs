namespace McpLedger.Contracts.Mcp;

/// <summary>How much one message may ask of the reader. The size of the body is bounded by whoever reads it from the socket.</summary>
public sealed record McpLimits
{
    /// <summary>The limits that hold where nobody configured others.</summary>
    public static McpLimits Default { get; } = new();

    /// <summary>Deepest nesting of objects and arrays. At most 256: the reader recurses.</summary>
    public int MaxDepth
    {
        get;
        init => field = value is > 0 and <= 256 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The depth is between 1 and 256.");
    } = 64;

    /// <summary>Most values in one message, objects and arrays included.</summary>
    public int MaxNodes { get; init; } = 100_000;

    /// <summary>Longest member name, method, tool or prompt name, task id and JSON-RPC id, in bytes as they stand on the wire.</summary>
    public int MaxNameBytes { get; init; } = 1024;

    /// <summary>Longest resource URI, in bytes as it stands on the wire.</summary>
    public int MaxUriBytes { get; init; } = 8192;
}
