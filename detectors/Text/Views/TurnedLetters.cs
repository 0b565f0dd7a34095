namespace McpLedger.Detectors.Text.Views;

/// <summary>
/// Finds stretches whose letters would follow one another far better were they turned by thirteen, or read from the end: a sum that grows with every such pair, falls with every
/// other and never below zero; where it passes a bound, the stretch from its last zero to its top is turned.
/// </summary>
internal static class TurnedLetters
{
    // In tenths of a natural logarithm. Chance reaches them about once in a few million characters of prose.
    private const int Rot13Bound = 150;
    private const int ReversedBound = 150;
    private const int Drift = 3;
    private const int Fall = 90;
    private const int Margin = 24;

    // How far beyond its margin a stretch reaches to the ends of its words.
    private const int LongestWord = 64;

    public static void Find(MappedText normal, int depth, ViewShelf shelf)
    {
        var chars = normal.Chars;
        Sum rot13 = default, reversed = default;
        var before = LetterPairs.Border;
        for (var i = 0; i < chars.Length; i++)
        {
            var letter = LetterPairs.Index(chars[i]);
            if (before != LetterPairs.Border || letter != LetterPairs.Border)
            {
                if (rot13.Add(LetterPairs.Rot13Gain(before, letter), i, Rot13Bound))
                {
                    rot13 = new(i, Rot13(normal, rot13, depth, shelf));
                }

                if (reversed.Add(LetterPairs.ReversedGain(before, letter), i, ReversedBound))
                {
                    reversed = new(i, Reverse(normal, reversed, depth, shelf));
                }
            }

            before = letter;
        }

        if (rot13.Top >= Rot13Bound)
        {
            Rot13(normal, rot13, depth, shelf);
        }

        if (reversed.Top >= ReversedBound)
        {
            Reverse(normal, reversed, depth, shelf);
        }
    }

    /// <summary>Turns a stretch, and says where it ended.</summary>
    private static int Rot13(MappedText normal, in Sum found, int depth, ViewShelf shelf)
    {
        var (start, end) = ToWords(normal.Chars, found);
        if (shelf.Open(ViewKind.Rot13, depth) is not { } view)
        {
            return end;
        }

        for (var i = start; i < end; i++)
        {
            var c = normal.Chars[i];
            view.Add(char.IsAsciiLetterLower(c) ? (char)('a' + ((c - 'a' + 13) % 26)) : c, normal.OriginAt(i));
        }

        view.End(normal.OriginAt(end));
        return end;
    }

    /// <summary>Turns a stretch round, and says where it ended.</summary>
    private static int Reverse(MappedText normal, in Sum found, int depth, ViewShelf shelf)
    {
        var (start, end) = ToWords(normal.Chars, found);
        if (shelf.Open(ViewKind.Reversed, depth) is not { } view)
        {
            return end;
        }

        for (var i = end - 1; i >= start; i--)
        {
            view.Add(normal.Chars[i], normal.OriginAt(i));
        }

        view.End(normal.OriginAt(start));
        return end;
    }

    // The first and last words may have been too short or too odd to add to the sum. No character is in two stretches, or a word without end would be copied as often as one is found in it.
    private static (int Start, int End) ToWords(ReadOnlySpan<char> chars, in Sum found)
    {
        var (start, end) = (Math.Max(found.Free, found.Start - Margin), Math.Max(found.Free, Math.Min(found.TopAt + 1 + Margin, chars.Length)));
        var (first, last) = (Math.Max(found.Free, start - LongestWord), Math.Min(end + LongestWord, chars.Length));
        while (start > first && char.IsAsciiLetterLower(chars[start - 1]))
        {
            start--;
        }

        while (end < last && char.IsAsciiLetterLower(chars[end]))
        {
            end++;
        }

        return (start, end);
    }

    /// <param name="at">Where it begins.</param>
    /// <param name="free">The first character that no stretch before holds.</param>
    private struct Sum(int at, int free)
    {
        public readonly int Free = free;
        public int Value;
        public int Start = at;
        public int Top;
        public int TopAt = at;

        /// <summary>True when a stretch that passed the bound has ended.</summary>
        public bool Add(int gain, int at, int bound)
        {
            Value += gain - Drift;
            if (Value > Top)
            {
                (Top, TopAt) = (Value, at);
            }
            else if (Top >= bound && Value < Top - Fall)
            {
                return true;
            }

            if (Value <= 0)
            {
                (Value, Start, Top, TopAt) = (0, at, 0, at);
            }

            return false;
        }
    }
}
