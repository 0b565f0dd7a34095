namespace McpLedger.Detectors.Sanitizing;

/// <summary>What a text holds that is not meant to be read.</summary>
public enum SanitizeKind
{
    /// <summary>Control characters, tab and line ends left out.</summary>
    Control = 0,

    /// <summary>Sequences that a terminal obeys.</summary>
    EscapeSequence = 1,

    /// <summary>Characters that no screen shows.</summary>
    Invisible = 2,

    /// <summary>Characters that change the order in which text is shown.</summary>
    Bidirectional = 3,

    /// <summary>A command inside a command: <c>$(…)</c>, backticks.</summary>
    CommandSubstitution = 4,

    /// <summary>A command after an operator.</summary>
    CommandChain = 5,

    /// <summary>Something handed to an interpreter.</summary>
    PipeToInterpreter = 6,

    /// <summary>A text handed to a command line by line.</summary>
    HereDocument = 7,

    /// <summary>A program that is encoded where it stands, and decoded to be run.</summary>
    EncodedCommand = 8,

    /// <summary>PowerShell told to hide, to decode, or to run what it fetches.</summary>
    PowerShell = 9,

    /// <summary>A piece of SQL that ends somebody else's statement and goes on.</summary>
    Sql = 10,

    /// <summary>An expression for a template engine that reaches beyond its values.</summary>
    Template = 11,

    /// <summary>HTML that does something when it is shown.</summary>
    ActiveHtml = 12,

    /// <summary>An address that is a program.</summary>
    ScriptUrl = 13,
}

/// <summary>How much a finding can hurt.</summary>
public enum SanitizeSeverity
{
    /// <summary>Seen in ordinary text every day.</summary>
    Low = 0,

    /// <summary>Ordinary where code is expected.</summary>
    Medium = 1,

    /// <summary>Rarely meant well.</summary>
    High = 2,
}

/// <summary>A place in <see cref="Text.MessageText.Plain"/> that holds what is not meant to be read.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Severity">How much it can hurt.</param>
/// <param name="Start">First character.</param>
/// <param name="Length">Characters.</param>
public readonly record struct SanitizeFinding(SanitizeKind Kind, SanitizeSeverity Severity, int Start, int Length)
{
    /// <summary>First character after it.</summary>
    public int End => Start + Length;
}
