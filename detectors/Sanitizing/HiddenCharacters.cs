using System.Buffers;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>Characters that are obeyed or passed over instead of being seen.</summary>
internal static class HiddenCharacters
{
    private const string InvisibleOnes = "\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B\u180C\u180D\u180E\u180F\u200B\u200E\u200F\u2060\u2061\u2062\u2063\u2064\u2065\u206A\u206B\u206C\u206D\u206E\u206F\u3164\uFFA0\uFFF0\uFFF1\uFFF2\uFFF3\uFFF4\uFFF5\uFFF6\uFFF7\uFFF8\uFFF9\uFFFA\uFFFB";
    private const string Directions = "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069";

    // They make emoji and the words of some scripts what they are.
    private const string Joiners = "\u200C\u200D\uFEFF\uFE00\uFE01\uFE02\uFE03\uFE04\uFE05\uFE06\uFE07\uFE08\uFE09\uFE0A\uFE0B\uFE0C\uFE0D\uFE0E\uFE0F";

    // A sign that is to be shown in colour and joined with the next has two in a row; a finger that stays on its key makes a few.
    private const int LongestRow = 2;
    private const int LongestTyped = 8;

    // A high surrogate of tags and variation selectors; and all that begin characters which are ignored by default: those, shorthand controls, marks of musical phrases.
    private const char Tags = '\uDB40';
    private const string Specials = "\uDB40\uDB41\uDB42\uDB43\uD82F\uD834";

    private static readonly SearchValues<char> Stops = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(code => (char)code).Where(c => c is not ('\t' or '\n' or '\r' or '\u0085')), .. InvisibleOnes, .. Joiners, .. Directions, .. Specials]);

    private static readonly SearchValues<char> JoinerValues = SearchValues.Create(Joiners);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        var before = '\0';
        for (var at = 0; text[at..].IndexOfAny(Stops) is >= 0 and var hit;)
        {
            at += hit;
            var c = text[at];

            // Of what is unseen itself, whatever stands before that counts.
            before = hit > 0 ? text[at - 1] : before;
            if (Specials.Contains(c, StringComparison.Ordinal))
            {
                at += Special(text, at, found);
            }
            else if (JoinerValues.Contains(c))
            {
                at += Joined(text, at, before, found);
            }
            else if (Directions.Contains(c, StringComparison.Ordinal))
            {
                found.Add(SanitizeKind.Bidirectional, c is '\u202D' or '\u202E' ? SanitizeSeverity.High : SanitizeSeverity.Medium, at++, 1);
            }
            else if (c >= '\u00AD')
            {
                found.Add(SanitizeKind.Invisible, SanitizeSeverity.Medium, at++, 1);
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
        var low = at + 1 < text.Length ? text[at + 1] : '\0';
        if (text[at] switch { '\uD82F' => low is >= '\uDCA0' and <= '\uDCA3', '\uD834' => low is >= '\uDD73' and <= '\uDD7A', _ => char.IsLowSurrogate(low) })
        {
            if (!RegionalFlag.Holds(text, at))
            {
                // One selector behind an ideograph says how to write it, as names of people and places in Japan need.
                var isVariant = text[at] == Tags && low is >= '\uDD00' and <= '\uDDEF' && IsIdeograph(text[..at]);
                found.Add(SanitizeKind.Invisible, isVariant ? SanitizeSeverity.Medium : SanitizeSeverity.High, at, 2);
            }

            return 2;
        }

        return 1;
    }

    /// <summary>Joiners are where they belong, and no finding, where a letter or a sign beyond ASCII stands beside them, and no more of them than one needs.</summary>
    private static int Joined(ReadOnlySpan<char> text, int at, char before, SanitizeFindings found)
    {
        var length = text[at..].IndexOfAnyExcept(JoinerValues) is > 0 and var end ? end : text.Length - at;
        var after = at + length < text.Length ? text[at + length] : '\0';
        if (length > LongestRow || (JoinsNothing(before) && JoinsNothing(after) && !IsByteOrderMark(text, at, length)))
        {
            found.Add(SanitizeKind.Invisible, length > LongestTyped ? SanitizeSeverity.High : SanitizeSeverity.Medium, at, length);
        }

        return length;
    }

    // Where a text begins it says how the rest is written.
    private static bool IsByteOrderMark(ReadOnlySpan<char> text, int at, int length) => length == 1 && text[at] == '\uFEFF' && (at == 0 || text[at - 1] == '\n' || text[..at].EndsWith(": "));

    // Those behind the first plane fill the second and the third.
    private static bool IsIdeograph(ReadOnlySpan<char> before) =>
        before is [.., '\u3005' or '\u3007' or (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF')] or [.., >= '\uD840' and <= '\uD8BF', >= '\uDC00' and <= '\uDFFF'];

    // The zero stands for where the text begins or ends.
    private static bool JoinsNothing(char c) => c is '\0' or (> ' ' and < '\u007F') || char.IsWhiteSpace(c);
}
