namespace McpLedger.Detectors.Text.Views;

/// <summary>
/// Finds stretches where words are written with digits and signs for letters, or with their inner letters shuffled, by what they become: a stretch counts when several close
/// neighbours become common words that they are not.
/// </summary>
internal static class DisguisedWords
{
    private const int Fewest = 3;
    private const int WidestGap = 8;
    private const int LongestWord = 24;

    public static void Find(MappedText normal, int depth, ViewShelf shelf)
    {
        var chars = normal.Chars;
        Stretch leet = default, scrambled = default;
        var words = 0;
        Span<char> repaired = stackalloc char[LongestWord];
        for (var i = 0; i < chars.Length;)
        {
            if (!IsPart(chars[i]))
            {
                i++;
                continue;
            }

            var start = i;
            var letters = 0;
            while (i < chars.Length && IsPart(chars[i]))
            {
                letters += char.IsAsciiLetterLower(chars[i]) ? 1 : 0;
                i++;
            }

            words++;
            var word = chars[start..i];
            if (word.Length is < 3 or > LongestWord)
            {
                continue;
            }

            if (letters > 0 && word[..^1].ContainsAnyExceptInRange('a', 'z') && Unleet(word, repaired))
            {
                if (leet.Add(start, i, words))
                {
                    Write(normal, leet, ViewKind.Leetspeak, depth, shelf);
                    leet = leet.Restart();
                }
            }
            else if (letters == word.Length && word.Length >= 5 && Lexicon.Rank(word) < 0 && Lexicon.Unscramble(word) is not null && scrambled.Add(start, i, words))
            {
                Write(normal, scrambled, ViewKind.Scrambled, depth, shelf);
                scrambled = scrambled.Restart();
            }
        }

        if (leet.Count >= Fewest)
        {
            Write(normal, leet, ViewKind.Leetspeak, depth, shelf);
        }

        if (scrambled.Count >= Fewest)
        {
            Write(normal, scrambled, ViewKind.Scrambled, depth, shelf);
        }
    }

    private static bool IsPart(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '@' or '$' or '!' or '|';

    /// <summary>Writes what the word reads as; true when that is a common word.</summary>
    private static bool Unleet(ReadOnlySpan<char> word, Span<char> repaired)
    {
        for (var one = 0; one < 2; one++)
        {
            for (var i = 0; i < word.Length; i++)
            {
                repaired[i] = word[i] switch
                {
                    '0' => 'o', '1' => one == 0 ? 'i' : 'l', '3' => 'e', '4' or '@' => 'a', '5' or '$' => 's', '6' or '9' => 'g', '7' => 't', '8' => 'b', '!' => 'i', '|' => 'l', var other => other,
                };
            }

            // A sign at the end may be what it is.
            if (Lexicon.Rank(repaired[..word.Length]) >= 0 || (word[^1] == '!' && word.Length > 3 && Lexicon.Rank(repaired[..(word.Length - 1)]) >= 0))
            {
                return true;
            }
        }

        return false;
    }

    private static void Write(MappedText normal, Stretch found, ViewKind kind, int depth, ViewShelf shelf)
    {
        if (shelf.Open(kind, depth) is not { } view)
        {
            return;
        }

        // What stands beside the words that gave it away belongs to the same sentence.
        var chars = normal.Chars;
        var start = Widen(chars, found.Start, -1);
        var end = Widen(chars, found.End - 1, 1) + 1;
        Span<char> repaired = stackalloc char[LongestWord];
        for (var i = start; i < end;)
        {
            var from = i;
            while (i < end && IsPart(chars[i]))
            {
                i++;
            }

            var word = chars[from..i];
            if (word.Length is >= 1 and <= LongestWord)
            {
                var better = Repair(word, kind, repaired);
                for (var at = 0; at < word.Length; at++)
                {
                    view.Add(better[at], normal.OriginAt(from + at));
                }
            }

            if (i < end && !IsPart(chars[i]))
            {
                view.Add(chars[i], normal.OriginAt(i++));
            }
        }

        view.End(normal.OriginAt(end));
    }

    private static ReadOnlySpan<char> Repair(ReadOnlySpan<char> word, ViewKind kind, Span<char> repaired)
    {
        if (kind == ViewKind.Scrambled)
        {
            return Lexicon.Rank(word) < 0 && Lexicon.Unscramble(word) is { } known ? known : word;
        }

        // Digits alone are a word only where they spell one.
        return word.ContainsAnyExceptInRange('a', 'z') && (Unleet(word, repaired) || word.ContainsAnyInRange('a', 'z')) ? repaired[..word.Length] : word;
    }

    private static int Widen(ReadOnlySpan<char> chars, int at, int by)
    {
        for (var steps = 0; steps < 80; steps++)
        {
            var next = at + by;
            if (next < 0 || next >= chars.Length || chars[next] is '\n' or '"' or '{' or '}' or '<' or '>')
            {
                break;
            }

            at = next;
        }

        return at;
    }

    private struct Stretch
    {
        public int Count;
        public int Start;
        public int End;
        private int _lastWord;
        private (int Start, int End, int Word) _next;

        /// <summary>True when the word begins a new stretch and the one before it counts.</summary>
        public bool Add(int start, int end, int word)
        {
            if (Count > 0 && word - _lastWord > WidestGap)
            {
                if (Count >= Fewest)
                {
                    _next = (start, end, word);
                    return true;
                }

                Count = 0;
            }

            (Start, End, _lastWord) = (Count == 0 ? start : Start, end, word);
            Count++;
            return false;
        }

        public readonly Stretch Restart() => new() { Count = 1, Start = _next.Start, End = _next.End, _lastWord = _next.Word };
    }
}
