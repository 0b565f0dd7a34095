namespace McpLedger.Detectors.Text;

/// <summary>How much of one message is read. What is beyond is not looked at, and <see cref="MessageText.IsCut"/> says so.</summary>
public sealed record TextLimits
{
    /// <summary>The limits that hold where nobody configured others.</summary>
    public static TextLimits Default { get; } = new();

    /// <summary>Most characters of plain text.</summary>
    public int MaxChars { get; init; } = 256 * 1024;

    /// <summary>Most strings and names. Numbers are bounded by their characters.</summary>
    public int MaxLeaves { get; init; } = 20_000;

    /// <summary>Deepest nesting of objects and arrays.</summary>
    public int MaxDepth { get; init; } = 128;

    /// <summary>Most decoded views, nested ones included.</summary>
    public int MaxViews { get; init; } = 4;

    /// <summary>Most characters of one decoded view.</summary>
    public int MaxViewChars { get; init; } = 64 * 1024;
}
