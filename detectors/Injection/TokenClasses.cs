namespace McpLedger.Detectors.Injection;

/// <summary>What each UTF-16 unit of normalised text is to the tokeniser.</summary>
internal static class TokenClasses
{
    public const byte Space = 0;
    public const byte Word = 1;
    public const byte Mark = 2;

    // Punctuation that carries JSON's structure and not the text's meaning: it parts words and is no token itself.
    public const byte Structure = 3;
    public const byte Silent = 4;

    // Scripts that are written without spaces: each character is a token of its own, and pairs of them are the n-grams.
    public const byte Ideograph = 5;

    private static readonly byte[] Table = Build();

    public static ReadOnlySpan<byte> All => Table;

    private static byte[] Build()
    {
        var table = new byte[char.MaxValue + 1];
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = Of((char)i);
        }

        return table;
    }

    private static byte Of(char c) => c switch
    {
        <= ' ' or '\u00A0' or '_' => Space,
        '{' or '}' or '[' or ']' or '"' or ':' or '|' or '\\' or '(' or ')' => Structure,
        '\'' or ',' => Silent,
        // CJK, kana, Hangul syllables stay words; Thai, Lao, Khmer and Burmese have no spaces either.
        (>= '\u0E00' and <= '\u0EFF') or (>= '\u1000' and <= '\u109F') or (>= '\u1780' and <= '\u17FF') => Ideograph,
        (>= '\u2E80' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFF66' and <= '\uFF9F') => Ideograph,
        _ when char.IsLetterOrDigit(c) || char.IsSurrogate(c) || IsMarkOfLetter(c) => Word,
        _ when char.IsWhiteSpace(c) => Space,
        _ => Mark,
    };

    private static bool IsMarkOfLetter(char c) =>
        char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;
}
