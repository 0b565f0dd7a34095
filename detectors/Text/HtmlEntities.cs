namespace McpLedger.Detectors.Text;

/// <summary>Character references of HTML: every number, and the names that text is hidden with.</summary>
internal static class HtmlEntities
{
    private const int Longest = 12;

    private static readonly (string Name, char Is)[] Names =
    [
        ("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\''), ("nbsp", ' '), ("shy", '\u00AD'), ("zwj", '\u200D'), ("zwnj", '\u200C'), ("lrm", '\u200E'), ("rlm", '\u200F'),
        ("ensp", ' '), ("emsp", ' '), ("thinsp", ' '), ("Tab", '\t'), ("NewLine", '\n'), ("excl", '!'), ("num", '#'), ("dollar", '$'), ("percnt", '%'), ("lpar", '('), ("rpar", ')'), ("ast", '*'),
        ("plus", '+'), ("comma", ','), ("period", '.'), ("sol", '/'), ("colon", ':'), ("semi", ';'), ("equals", '='), ("quest", '?'), ("commat", '@'), ("lsqb", '['), ("rsqb", ']'), ("lbrack", '['),
        ("rbrack", ']'), ("bsol", '\\'), ("lowbar", '_'), ("grave", '`'), ("lcub", '{'), ("rcub", '}'), ("lbrace", '{'), ("rbrace", '}'), ("verbar", '|'), ("vert", '|'), ("hyphen", '-'), ("dash", '-'),
        ("ndash", '-'), ("mdash", '-'), ("lsquo", '\''), ("rsquo", '\''), ("ldquo", '"'), ("rdquo", '"'), ("hellip", '.'), ("bull", '*'), ("middot", '.'),
    ];

    /// <summary>Reads the reference that begins with <paramref name="text"/>, an ampersand.</summary>
    /// <param name="text">From the ampersand on.</param>
    /// <param name="code">The code point it stands for.</param>
    /// <returns>Its length; 0 when it is none.</returns>
    public static int Read(ReadOnlySpan<char> text, out int code)
    {
        code = 0;
        var window = text[..Math.Min(text.Length, Longest)];
        var end = window.IndexOf(';');
        if (end < 2)
        {
            return 0;
        }

        return window[1] == '#' ? Number(window[2..end], out code) ? end + 1 : 0 : Name(window[1..end], out code) ? end + 1 : 0;
    }

    private static bool Number(ReadOnlySpan<char> digits, out int code)
    {
        code = 0;
        var hex = digits.Length > 1 && digits[0] is 'x' or 'X';
        foreach (var digit in hex ? digits[1..] : digits)
        {
            var value = hex ? JsonString.Hex([digit], 1) : char.IsAsciiDigit(digit) ? digit - '0' : -1;
            if (value < 0)
            {
                return false;
            }

            code = Math.Min((code * (hex ? 16 : 10)) + value, 0x110000);
        }

        return !digits.IsEmpty && System.Text.Rune.IsValid(code);
    }

    private static bool Name(ReadOnlySpan<char> name, out int code)
    {
        foreach (var (known, value) in Names)
        {
            if (name.SequenceEqual(known))
            {
                code = value;
                return true;
            }
        }

        code = 0;
        return false;
    }
}
