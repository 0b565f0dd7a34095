namespace McpLedger.Detectors.Text.Views;

/// <summary>Finds words whose letters stand apart (<c>i g n o r e</c>, <c>i.g.n.o.r.e</c>), closes them, and finds the borders of words again where the writer left none.</summary>
internal static class SpacedLetters
{
    private const int Fewest = 6;
    private const int Step = 8;
    private const int LongestRun = 8192;
    private const int LongestWord = 14;

    public static void Find(MappedText text, int depth, Span<int> scratch, ViewShelf shelf)
    {
        var chars = text.Chars;

        // A run of the fewest letters covers two neighbours at one of these positions.
        for (var at = Step; at + 4 < chars.Length; at += Step)
        {
            var letter = char.IsLetter(chars[at]) ? at : at + 1;
            if (!IsApart(chars, letter))
            {
                continue;
            }

            var separator = chars[letter - 1];
            var start = letter;
            while (start >= 2 && chars[start - 1] == separator && char.IsLetter(chars[start - 2]) && letter - start < LongestRun)
            {
                start -= 2;
            }

            var end = Extend(chars, letter, separator);
            if (start > 0 && char.IsLetterOrDigit(chars[start - 1]))
            {
                start += 2;
            }

            if (end - start >= (2 * Fewest) - 1 && shelf.Open(ViewKind.SpacedLetters, depth) is { } view)
            {
                Close(text, start, end, separator, scratch, view);
            }

            at = Math.Max(at, end - 1);
        }
    }

    private static bool IsApart(ReadOnlySpan<char> chars, int i) =>
        i >= 2 && i + 2 < chars.Length && char.IsLetter(chars[i]) && chars[i - 1] == chars[i + 1] && chars[i - 1] is ' ' or '.' or '-' or '_' or '*' or '|' or ',' or '/' or '~'
        && char.IsLetter(chars[i + 2]) && char.IsLetter(chars[i - 2]);

    private static int Extend(ReadOnlySpan<char> chars, int letter, char separator)
    {
        var end = letter + 1;
        while (end + 1 < chars.Length && end - letter < LongestRun)
        {
            // Wider gaps part words; what is no letter may stand in a place of its own.
            var next = end;
            while (next < chars.Length && next - end < 4 && (chars[next] == separator || chars[next] == ' '))
            {
                next++;
            }

            if (next == end || next >= chars.Length || (next + 1 < chars.Length && char.IsLetterOrDigit(chars[next + 1]) && char.IsLetterOrDigit(chars[next])))
            {
                break;
            }

            end = next + 1;
        }

        return end;
    }

    private static void Close(MappedText text, int start, int end, char separator, Span<int> scratch, MappedText view)
    {
        var from = view.Length;
        var borders = 0;
        for (var i = start; i < end; i++)
        {
            var c = text.Chars[i];
            if (c != separator && c != ' ')
            {
                view.Add(c, text.OriginAt(i));
                continue;
            }

            var gap = i;
            while (gap < end && (text.Chars[gap] == separator || text.Chars[gap] == ' '))
            {
                gap++;
            }

            if (gap - i > 1)
            {
                view.Add(' ', text.OriginAt(i));
                borders++;
            }

            i = gap - 1;
        }

        view.End(text.OriginAt(end));
        if (borders == 0 && view.Length - from > LongestWord)
        {
            Segment(view, from, scratch);
        }
    }

    /// <summary>Parts a run of letters into common words, the cheapest way by rank (a Viterbi pass).</summary>
    private static void Segment(MappedText view, int from, Span<int> scratch)
    {
        var length = Math.Min(view.Length - from, scratch.Length / 2 - 1);
        var cost = scratch[..(length + 1)];
        var back = scratch.Slice(scratch.Length / 2, length + 1);
        Span<char> word = stackalloc char[LongestWord];
        cost[0] = 0;
        for (var end = 1; end <= length; end++)
        {
            (cost[end], back[end]) = (cost[end - 1] + 14, end - 1);
            for (var size = 1; size <= Math.Min(LongestWord, end); size++)
            {
                view.Chars.Slice(from + end - size, size).ToLowerInvariant(word);
                var rank = Lexicon.Rank(word[..size]);
                var price = cost[end - size] + 2 + System.Numerics.BitOperations.Log2((uint)rank + 2);
                if (rank >= 0 && price < cost[end])
                {
                    (cost[end], back[end]) = (price, end - size);
                }
            }
        }

        Spread(view, from, length, back);
    }

    private static void Spread(MappedText view, int from, int length, Span<int> back)
    {
        var borders = 0;
        for (var at = back[length]; at > 0; at = back[at])
        {
            borders++;
        }

        var (end, tail) = (view.Length, view.OriginAt(view.Length));
        for (var i = 0; i < borders; i++)
        {
            view.Add(' ', tail);
        }

        if (view.Length != end + borders)
        {
            view.Truncate(end);
            return;
        }

        // From behind, so that nothing is written over before it is read.
        var to = view.Length - 1;
        var border = back[length];
        for (var i = end - 1; i >= from; i--)
        {
            view.Set(to, view.CharAt(i), view.OriginAt(i));
            to--;
            if (i - from == border && border > 0)
            {
                view.Set(to, ' ', view.OriginAt(i));
                to--;
                border = back[border];
            }
        }

        view.End(tail);
    }
}
