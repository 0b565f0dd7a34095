namespace McpLedger.Detectors.Text.Views;

/// <summary>Common words (<c>Tables/words.txt</c>, the commonest first), found by their letters in order or out of order, without a string being made.</summary>
internal static class Lexicon
{
    private const int Slots = 1 << 15;
    private const int LongestWord = 14;

    private static readonly string[] Words = [.. Folding.Lines("words")];
    private static readonly ulong[] LetterKeys = [.. Enumerable.Range(1, 26).Select(letter => (ulong)letter * 0x9E3779B97F4A7C15 ^ ((ulong)letter * 0xC2B2AE3D27D4EB4F << 17))];
    private static readonly int[] ByOrder = Index((word, _) => Hash(word));
    private static readonly int[] ByLetters = Index((word, rank) => word.Length >= 5 ? Bag(word) : null);

    /// <summary>How common the word is, 0 being the commonest; -1 when it is not known. Lower case.</summary>
    public static int Rank(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestWord)
        {
            return -1;
        }

        for (var slot = (int)(Hash(word) % Slots); ByOrder[slot] >= 0; slot = (slot + 1) % Slots)
        {
            if (word.SequenceEqual(Words[ByOrder[slot]]))
            {
                return ByOrder[slot];
            }
        }

        return -1;
    }

    /// <summary>The one common word with this word's first and last letter and the same letters between them in another order; null when there is none.</summary>
    public static string? Unscramble(ReadOnlySpan<char> word)
    {
        if (word.Length is < 5 or > LongestWord)
        {
            return null;
        }

        for (var slot = (int)(Bag(word) % Slots); ByLetters[slot] >= 0; slot = (slot + 1) % Slots)
        {
            var known = Words[ByLetters[slot]];
            if (known.Length == word.Length && known[0] == word[0] && known[^1] == word[^1] && Bag(known) == Bag(word))
            {
                return known;
            }
        }

        return null;
    }

    private static ulong Hash(ReadOnlySpan<char> word)
    {
        var hash = 14695981039346656037ul;
        foreach (var c in word)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return hash ^ (hash >> 29);
    }

    /// <summary>The same for every order of the same letters.</summary>
    private static ulong Bag(ReadOnlySpan<char> word)
    {
        var sum = 0ul;
        foreach (var c in word)
        {
            sum += char.IsAsciiLetterLower(c) ? LetterKeys[c - 'a'] : c * 0x165667B19E3779F9ul;
        }

        return sum ^ (sum >> 31);
    }

    private static int[] Index(Func<string, int, ulong?> hash)
    {
        var slots = new int[Slots];
        Array.Fill(slots, -1);
        for (var rank = 0; rank < Words.Length; rank++)
        {
            if (hash(Words[rank], rank) is not { } value)
            {
                continue;
            }

            var slot = (int)(value % Slots);
            while (slots[slot] >= 0)
            {
                slot = (slot + 1) % Slots;
            }

            slots[slot] = rank;
        }

        return slots;
    }
}
