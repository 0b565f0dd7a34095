using System.Text.RegularExpressions;

namespace McpLedger.Detectors.Shadowing;

/// <summary>Words by which a definition says what is to be done with a tool.</summary>
internal static partial class Directives
{
    /// <summary>Whether such words stand in it.</summary>
    public static bool In(ReadOnlySpan<char> text) => Pattern().IsMatch(text);

    // Alternatives of plain words: time grows with the text alone.
    [GeneratedRegex(@"\b(?:must|always|never|whenever|instead|rather than|do not|don't|before (?:you|using|calling|any)|after (?:you|using|calling)|prior to|first call|required to|make sure|ensure|redirect|override|replaces?|deprecated|broken|unsafe)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
