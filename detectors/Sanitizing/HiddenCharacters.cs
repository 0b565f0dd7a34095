using System.Buffers;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>Characters that are obeyed or passed over instead of being seen.</summary>
internal static class HiddenCharacters
{
    private const string InvisibleOnes = "\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B\u180C\u180D\u180E\u180F\u200B\u200C\u200D\u200E\u200F\u2060\u2061\u2062\u2063\u2064\u2065\u206A\u206B\u206C\u206D\u206E\u206F\u3164\uFEFF\uFFA0";
    private const string Directions = "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069";

    // A high surrogate of the plane of tags and variation selectors.
    private const char Specials = '\uDB40';

    private static readonly SearchValues<char> Stops = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(code => (char)code).Where(c => c is not ('\t' or '\n' or '\r' or '\u0085')), .. InvisibleOnes, .. Directions, Specials]);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Stops) is >= 0 and var hit;)
        {
            at += hit;
            var c = text[at];
            if (c == Specials)
            {
                at += Special(text, at, found);
            }
            else if (Directions.Contains(c, StringComparison.Ordinal))
            {
                found.Add(SanitizeKind.Bidirectional, c is '\u202D' or '\u202E' ? SanitizeSeverity.High : SanitizeSeverity.Medium, at++, 1);
            }
            else if (c >= '\u00AD')
            {
                // Joiners make emoji and the words of some scripts what they are.
                found.Add(SanitizeKind.Invisible, c is '\u200C' or '\u200D' or '\uFEFF' && !BetweenWestern(text, at) ? SanitizeSeverity.Low : SanitizeSeverity.Medium, at++, 1);
            }
            else
            {
                var length = EscapeSequences.Length(text[at..], out _);
                found.Add(length > 0 ? SanitizeKind.EscapeSequence : SanitizeKind.Control, SanitizeSeverity.Medium, at, Math.Max(length, 1));
                at += Math.Max(length, 1);
            }
        }
    }

    private static int Special(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        if (at + 1 < text.Length && text[at + 1] is (>= '\uDC00' and <= '\uDC7F') or (>= '\uDD00' and <= '\uDDEF'))
        {
            // A flag's tags follow a black flag; each tag is two characters.
            var start = at;
            while (start >= 2 && text[start - 2] == Specials && at - start < 16)
            {
                start -= 2;
            }

            var flag = start >= 2 && text[(start - 2)..].StartsWith("\U0001F3F4") && at - start < 16;
            found.Add(SanitizeKind.Invisible, flag ? SanitizeSeverity.Low : SanitizeSeverity.High, at, 2);
            return 2;
        }

        return 1;
    }

    private static bool BetweenWestern(ReadOnlySpan<char> text, int at) => at > 0 && at + 1 < text.Length && char.IsAsciiLetterOrDigit(text[at - 1]) && char.IsAsciiLetterOrDigit(text[at + 1]);
}
