using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Dlp;

/// <summary>
/// Where a value may begin and end. A text inside a text (JSON in a string, the query of an address) keeps its own escapes, whose last sign is a letter or a digit: it ends the escape and begins no word.
/// </summary>
internal static class Borders
{
    private const int UnicodeEscape = 6;
    private const int ByteEscape = 4;
    private const int PercentEscape = 3;

    /// <summary>True when no word runs on into <paramref name="at"/>.</summary>
    public static bool IsBefore(ReadOnlySpan<char> text, int at) => at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1]) || IsEscapeBefore(text, at);

    /// <summary>True when no word runs on from <paramref name="at"/>.</summary>
    public static bool IsAfter(ReadOnlySpan<char> text, int at) => at >= text.Length || !char.IsAsciiLetterOrDigit(text[at]);

    /// <summary>True when an escape ends right before <paramref name="at"/>: <c>\n</c>, <c>\u000a</c>, <c>\x0a</c>, <c>%0A</c>.</summary>
    public static bool IsEscapeBefore(ReadOnlySpan<char> text, int at) =>
        (at >= 2 && text[at - 2] == '\\' && EscapeLength(text[(at - 2)..at]) == 2)
        || (at >= PercentEscape && text[at - PercentEscape] == '%' && EscapeLength(text[(at - PercentEscape)..at]) == PercentEscape)
        || (at >= ByteEscape && text[at - ByteEscape] == '\\' && EscapeLength(text[(at - ByteEscape)..at]) == ByteEscape)
        || (at >= UnicodeEscape && text[at - UnicodeEscape] == '\\' && EscapeLength(text[(at - UnicodeEscape)..at]) == UnicodeEscape);

    /// <summary>How long the escape is that <paramref name="text"/> begins with; 0 when it begins with none.</summary>
    public static int EscapeLength(ReadOnlySpan<char> text) => text switch
    {
        ['\\', 'n' or 'r' or 't' or 'b' or 'f', ..] => 2,
        ['\\', 'u', ..] => JsonString.Hex(text[2..], 4) >= 0 ? UnicodeEscape : 0,
        ['\\', 'x', ..] => JsonString.Hex(text[2..], 2) >= 0 ? ByteEscape : 0,
        ['%', ..] => JsonString.Hex(text[1..], 2) >= 0 ? PercentEscape : 0,
        _ => 0,
    };
}
