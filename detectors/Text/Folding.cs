using System.Globalization;

namespace McpLedger.Detectors.Text;

/// <summary>
/// What each character is read as: compatible forms, case and accents gone (<c>Tables/folding.txt</c>), and which letters of other scripts look like Latin ones (<c>Tables/lookalikes.txt</c>).
/// </summary>
internal static class Folding
{
    /// <summary>In <see cref="Of"/>: the character goes.</summary>
    public const char Deleted = '\0';

    /// <summary>In <see cref="Of"/>: the character becomes several, see <see cref="Expand"/>.</summary>
    public const char Several = '\uFFFF';

    private const int FirstStyled = 0x1D400;
    private const int FirstEnclosed = 0x1F100;

    private static readonly char[] Table = new char[0x10000];
    private static readonly string?[] Styled = new string?[0x400];
    private static readonly string?[] Enclosed = new string?[0x100];
    private static readonly Dictionary<char, string> Expansions = [];
    private static readonly char[] Lookalikes = new char[0x10000];

    static Folding()
    {
        for (var i = 0; i < Table.Length; i++)
        {
            Table[i] = (char)(i is >= 'A' and <= 'Z' ? i | 0x20 : i);
        }

        foreach (var line in Lines("folding"))
        {
            var parts = line.Split(' ');
            var range = parts[0].Split('-');
            var (first, last) = (Code(range[0]), Code(range[^1]));
            var target = string.Concat(parts.Skip(1).Select(part => (char)Code(part)));
            for (var code = first; code <= last; code++)
            {
                Set(code, target.Length == 1 ? ((char)(target[0] + code - first)).ToString() : target);
            }
        }

        foreach (var line in Lines("lookalikes"))
        {
            // Phonetic letters and small capitals belong to no language's ordinary spelling: they are what they look like, always.
            var (letter, latin) = (line[0], line[2]);
            if (letter is (>= '\u0250' and <= '\u02AF') or (>= '\u1D00' and <= '\u1D7F') or (>= '\uA720' and <= '\uA7FF') or '\u0131')
            {
                Table[letter] = latin;
                continue;
            }

            Lookalikes[letter] = latin;
            Lookalikes[Table[letter]] = latin;
        }
    }

    /// <summary>What <paramref name="c"/> is read as.</summary>
    public static char Of(char c) => Table[c];

    /// <summary>The several characters that <paramref name="c"/> becomes.</summary>
    public static string Expand(char c) => Expansions[c];

    /// <summary>What a character beyond the basic plane is read as; null when it stays.</summary>
    public static string? Beyond(int code) =>
        code is >= FirstStyled and < FirstStyled + 0x400 ? Styled[code - FirstStyled] : code is >= FirstEnclosed and < FirstEnclosed + 0x100 ? Enclosed[code - FirstEnclosed] : null;

    /// <summary>The Latin letter that a folded letter looks like; <see cref="Deleted"/> when none.</summary>
    public static char LookAlike(char folded) => Lookalikes[folded];

    /// <summary>True for scripts whose letters pass for Latin ones (Greek, Cyrillic, Armenian, Cherokee, Coptic).</summary>
    public static bool CanDeceive(char folded) => folded is (>= '\u0370' and <= '\u058F') or (>= '\u13A0' and <= '\u13FF') or (>= '\u2C80' and <= '\u2CFF') or (>= '\uAB70' and <= '\uABBF');

    /// <summary>The lines of a table of this room.</summary>
    public static IEnumerable<string> Lines(string table)
    {
        using var reader = new StreamReader(typeof(Folding).Assembly.GetManifestResourceStream(table) ?? throw new InvalidOperationException($"The table '{table}' is not in the assembly."));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static void Set(int code, string target)
    {
        if (code >= FirstEnclosed)
        {
            Enclosed[code - FirstEnclosed] = target;
        }
        else if (code >= FirstStyled)
        {
            Styled[code - FirstStyled] = target;
        }
        else if (target.Length > 1)
        {
            Table[code] = Several;
            Expansions[(char)code] = target;
        }
        else
        {
            Table[code] = target.Length == 0 ? Deleted : target[0];
        }
    }

    private static int Code(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
