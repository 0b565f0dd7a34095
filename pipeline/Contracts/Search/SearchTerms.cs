using System.Buffers;
using System.Globalization;
using System.Text;

namespace McpLedger.Contracts.Search;

/// <summary>
/// Makes search terms, for what is indexed and for what is asked alike, so that every engine that indexes them gives the same answers.
/// </summary>
/// <remarks>
/// A term is a run of letters, digits and combining marks, lower case, at most <see cref="LongestTerm"/> characters; everything else separates, so
/// <c>read_file</c>, <c>read-file</c>, <c>api.example.com</c> and <c>/etc/passwd</c> are neighbouring terms. A camelCase word is its whole followed by its parts.
/// Scripts written without spaces (Han, Kana) give one term a character. No normalisation: code points are compared.
/// </remarks>
public static class SearchTerms
{
    /// <summary>Longest term in UTF-16 units; a longer word is cut and matches by what is left.</summary>
    public const int LongestTerm = 64;

    private static readonly SearchValues<char> AsciiWord = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Adds the terms of <paramref name="text"/> to <paramref name="terms"/>, as far as there is room.</summary>
    public static void Append(ReadOnlySpan<char> text, TermList terms)
    {
        var start = -1;
        for (var i = 0; i < text.Length && !terms.Cut;)
        {
            var kind = KindAt(text, i, out var width);
            if (kind == Kind.Word)
            {
                start = start < 0 ? i : start;
                width = Math.Max(width, text[i..].IndexOfAnyExcept(AsciiWord) is >= 0 and var run ? run : text.Length - i);
            }
            else
            {
                if (start >= 0)
                {
                    AppendWord(text[start..i], terms);
                    start = -1;
                }

                if (kind == Kind.Single)
                {
                    terms.Add(text.Slice(i, width));
                }
            }

            i += width;
        }

        if (start >= 0)
        {
            AppendWord(text[start..], terms);
        }
    }

    /// <summary>The terms of <paramref name="text"/> as a query asks for them one after the other.</summary>
    /// <param name="text">A word, or several.</param>
    /// <param name="prefix">True when the last word is only the beginning of one.</param>
    /// <param name="most">Most terms; what is beyond is not asked for.</param>
    internal static IReadOnlyList<string> OfQuery(string text, bool prefix, int most)
    {
        var lastWord = LastWord(text);
        var single = lastWord.Start.Value == FirstWordStart(text);
        var terms = new TermList(most, most * (LongestTerm + 1));
        if (!single && !prefix)
        {
            Append(text, terms);
        }
        else if (lastWord.End.Value > lastWord.Start.Value)
        {
            // A camelCase word on its own, or one that goes on, is asked for as a whole: its parts follow the whole in the index.
            Append(text.AsSpan(0, lastWord.Start.Value), terms);
            terms.Add(Shorten(text.AsSpan()[lastWord]));
        }

        return terms.ToList();
    }

    private static void AppendWord(ReadOnlySpan<char> word, TermList terms)
    {
        terms.Add(Shorten(word));

        // What is longer is no identifier but encoded bytes; its parts would be noise.
        if (word.Length > LongestTerm || !word[1..].ContainsAnyInRange('A', 'Z'))
        {
            return;
        }

        var from = 0;
        for (var i = 1; i < word.Length; i++)
        {
            if (IsJoint(word, i))
            {
                terms.Add(word[from..i]);
                from = i;
            }
        }

        if (from > 0)
        {
            terms.Add(word[from..]);
        }
    }

    private static bool IsJoint(ReadOnlySpan<char> word, int i) =>
        char.IsUpper(word[i]) && (!char.IsUpper(word[i - 1]) || (i + 1 < word.Length && char.IsLower(word[i + 1])));

    private static ReadOnlySpan<char> Shorten(ReadOnlySpan<char> word) =>
        word.Length <= LongestTerm ? word : word[..(char.IsHighSurrogate(word[LongestTerm - 1]) ? LongestTerm - 1 : LongestTerm)];

    private static int FirstWordStart(ReadOnlySpan<char> text)
    {
        var i = 0;
        while (i < text.Length && KindAt(text, i, out var width) == Kind.Separator)
        {
            i += width;
        }

        return i;
    }

    private static Range LastWord(ReadOnlySpan<char> text)
    {
        int start = 0, end = 0;
        for (var i = 0; i < text.Length;)
        {
            var kind = KindAt(text, i, out var width);
            if (kind != Kind.Separator)
            {
                start = kind == Kind.Word && end == i && end > 0 && KindAt(text, start, out _) == Kind.Word ? start : i;
                end = i + width;
            }

            i += width;
        }

        return start..end;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int i, out int width)
    {
        width = 1;
        var c = text[i];
        if (char.IsAscii(c))
        {
            return char.IsAsciiLetterOrDigit(c) ? Kind.Word : Kind.Separator;
        }

        if (Rune.DecodeFromUtf16(text[i..], out var rune, out width) != OperationStatus.Done)
        {
            width = Math.Max(width, 1);
            return Kind.Separator;
        }

        var letter = Rune.IsLetterOrDigit(rune)
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
        return !letter ? Kind.Separator : IsUnspaced(rune.Value) ? Kind.Single : Kind.Word;
    }

    private static bool IsUnspaced(int codePoint) => codePoint is (>= 0x2E80 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    private enum Kind
    {
        Separator = 0,
        Word = 1,
        Single = 2,
    }
}
