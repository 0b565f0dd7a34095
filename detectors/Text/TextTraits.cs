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

/// <summary>What normalisation undid, counted: features for the models, and marks that are certain.</summary>
public struct TextTraits
{
    /// <summary>Characters read.</summary>
    public int Chars { get; internal set; }

    /// <summary>Invisible characters deleted (zero width, joiners, soft hyphens, fillers), variation selectors left out.</summary>
    public int Invisible { get; internal set; }

    /// <summary>Invisible characters between two letters of a script that needs none.</summary>
    public int InvisibleInWords { get; internal set; }

    /// <summary>Variation selectors deleted, those of the supplementary plane included.</summary>
    public int VariationSelectors { get; internal set; }

    /// <summary>Bidirectional controls deleted.</summary>
    public int Bidi { get; internal set; }

    /// <summary>Tag characters decoded into a view.</summary>
    public int Tags { get; internal set; }

    /// <summary>Combining accents deleted.</summary>
    public int Accents { get; internal set; }

    /// <summary>Control characters deleted, tab and line ends left out.</summary>
    public int Controls { get; internal set; }

    /// <summary>Terminal escape sequences stripped.</summary>
    public int EscapeSequences { get; internal set; }

    /// <summary>Characters folded to a compatible one (full width, mathematical, ligatures).</summary>
    public int Compatible { get; internal set; }

    /// <summary>Letters of other scripts read as the Latin ones that they look like.</summary>
    public int LookAlikes { get; internal set; }

    /// <summary>Words of letters from more than one script.</summary>
    public int MixedWords { get; internal set; }

    /// <summary>HTML entities decoded.</summary>
    public int Entities { get; internal set; }

    /// <summary>Percent escapes decoded.</summary>
    public int PercentEscapes { get; internal set; }

    /// <summary>Backslash escapes decoded (<c>\u0041</c>, <c>\x41</c>), those that JSON itself undoes left out.</summary>
    public int UnicodeEscapes { get; internal set; }

    /// <summary>ASCII letters in upper case.</summary>
    public int Upper { get; internal set; }

    /// <summary>Longest run of white space.</summary>
    public int LongestGap { get; internal set; }

    /// <summary>Marks that are certain.</summary>
    public HiddenText Hidden { get; internal set; }
}
