namespace McpLedger.Detectors.Text;

/// <summary>What no honest tool definition holds.</summary>
[Flags]
public enum HiddenText
{
    /// <summary>Nothing is hidden.</summary>
    None = 0,

    /// <summary>Tag characters (U+E0020 to U+E007E) outside a flag emoji: ASCII that no screen shows.</summary>
    TagBlock = 1,

    /// <summary>A bidirectional override (U+202D, U+202E): text that is shown in another order than it is read.</summary>
    BidiOverride = 2,

    /// <summary>Two or more invisible characters inside one word.</summary>
    InsideWord = 4,
}
