using System.Text;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Text.Views;

namespace McpLedger.Detectors.Shadowing;

/// <summary>A tool's name as people and models read it.</summary>
internal sealed class ReadName
{
    private const int FewestWords = 2;
    private const int FewestLetters = 6;
    private const int ShortestMisspelt = 4;
    private const int LongWord = 8;

    // Words that say nothing about what a tool does.
    private static readonly HashSet<string> Praise = new(StringComparer.Ordinal)
    {
        "new", "real", "true", "safe", "secure", "official", "fast", "faster", "pro", "plus", "enhanced", "improved", "better", "best", "fixed", "updated", "latest", "verified", "trusted", "v2", "v3", "2", "ng",
    };

    private ReadName(string[] words, string plain, string skeleton) => (Words, Plain, Skeleton) = (words, plain, skeleton);

    /// <summary>Its words in lower case: <c>sendEmail</c> and <c>send_email</c> have the same.</summary>
    public string[] Words { get; }

    /// <summary>Its letters and digits in lower case.</summary>
    public string Plain { get; }

    /// <summary>The same with what looks alike made one.</summary>
    public string Skeleton { get; }

    /// <summary>Whether it could hardly be meant by chance: <c>send_email</c> could not, <c>search</c> could.</summary>
    public bool IsSpecific => Words.Length >= FewestWords && Plain.Length >= FewestLetters;

    /// <summary>Reads a name.</summary>
    /// <param name="name">As it is written.</param>
    /// <param name="text">Buffers to read it with; what they held is lost.</param>
    public static ReadName Of(string name, MessageText text)
    {
        text.ReadText(Encoding.UTF8.GetBytes(name), TextChannel.Definition);
        var words = WordsOf(name);
        return new(words, string.Concat(words), SkeletonOf(text.Normal.Chars));
    }

    /// <summary>Whether this is the other name with one word misspelt, or with words of praise added.</summary>
    public bool IsNear(ReadName other) => other.IsSpecific && (IsMisspelt(other) || IsPraised(other));

    private bool IsMisspelt(ReadName other)
    {
        if (Words.Length != other.Words.Length)
        {
            return false;
        }

        var odd = -1;
        for (var i = 0; i < Words.Length; i++)
        {
            if (Words[i] == other.Words[i])
            {
                continue;
            }

            if (odd >= 0)
            {
                return false;
            }

            odd = i;
        }

        // note and node are both words; emall is none.
        return odd >= 0 && Words[odd].Length >= ShortestMisspelt && Lexicon.Rank(Words[odd]) < 0 && Lexicon.Rank(other.Words[odd]) >= 0
            && !IsInflected(Words[odd], other.Words[odd]) && Edits(Words[odd], other.Words[odd]) <= (other.Words[odd].Length >= LongWord ? 2 : 1);
    }

    private static bool IsInflected(string word, string other) => word.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(word, StringComparison.Ordinal);

    private bool IsPraised(ReadName other)
    {
        var (at, added) = (0, 0);
        foreach (var word in Words)
        {
            if (at < other.Words.Length && word == other.Words[at])
            {
                at++;
            }
            else if (Praise.Contains(word))
            {
                added++;
            }
            else
            {
                return false;
            }
        }

        return added > 0 && at == other.Words.Length;
    }

    // Damerau and Levenshtein's distance, of neighbours that are swapped once: three rows of its table at a time.
    private static int Edits(string a, string b)
    {
        int[] before = new int[b.Length + 1], last = [.. Enumerable.Range(0, b.Length + 1)], row = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var least = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                row[j] = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? Math.Min(least, before[j - 2] + 1) : least;
            }

            (before, last, row) = (last, row, before);
        }

        return last[b.Length];
    }

    private static string[] WordsOf(string name)
    {
        List<string> words = [];
        var word = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var isLetter = char.IsLetterOrDigit(name[i]);
            if (word.Length > 0 && (!isLetter || (char.IsUpper(name[i]) && char.IsLower(name[i - 1]))))
            {
                words.Add(word.ToString());
                word.Clear();
            }

            if (isLetter)
            {
                word.Append(char.ToLowerInvariant(name[i]));
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return [.. words];
    }

    // UTS 39 §4, as far as the names of tools go; letters of other scripts are folded by the normal form.
    private static string SkeletonOf(ReadOnlySpan<char> normal)
    {
        var skeleton = new StringBuilder(normal.Length);
        foreach (var c in normal)
        {
            if (char.IsLetterOrDigit(c) || c == '|')
            {
                skeleton.Append(char.ToLowerInvariant(c) switch { 'i' or '1' or '|' => 'l', '0' => 'o', var other => other });
            }
        }

        return skeleton.Replace("rn", "m").Replace("vv", "w").ToString();
    }
}
