using System.Text;
using System.Text.RegularExpressions;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Ways to hide an attack from a reader of plain text. Each is applied to the attack inside its record, not to the record.</summary>
internal static partial class Obfuscations
{
    private const string Source = "injecagent_enhanced";

    public static IReadOnlyList<(string Name, Func<string, Dice, string> Apply)> All { get; } =
    [
        ("plain", (text, _) => text),
        ("homoglyph", (text, dice) => Each(text, c => "aeopcyxijs".IndexOf(c, StringComparison.Ordinal) is >= 0 and var i && dice.Chance(0.7) ? "аеорсухіјѕ"[i..(i + 1)] : null)),
        ("zero width", (text, dice) => Each(text, c => char.IsLetter(c) && dice.Chance(0.5) ? c + "\u200B" : null)),
        ("full width", (text, _) => Each(text, c => c is >= '!' and <= '~' ? ((char)(c + 0xFEE0)).ToString() : null)),
        ("leetspeak", (text, _) => Each(text, c => "aeiost".IndexOf(c, StringComparison.Ordinal) is >= 0 and var i ? "4310$7"[i..(i + 1)] : null)),
        ("spaced", (text, _) => string.Join(' ', text.AsEnumerable())),
        ("base64", (text, _) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text))),
        ("hex", (text, _) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text))),
        ("rot13", (text, _) => Each(text, c => char.IsAsciiLetterLower(c) ? ((char)('a' + ((c - 'a' + 13) % 26))).ToString() : char.IsAsciiLetterUpper(c) ? ((char)('A' + ((c - 'A' + 13) % 26))).ToString() : null)),
        ("tags", (text, _) => Each(text, c => c < 128 ? char.ConvertFromUtf32(0xE0000 + c) : null)),
        ("upper case", (text, _) => text.ToUpperInvariant()),
        ("shuffled", (text, dice) => string.Join(' ', text.Split(' ').Select(word => word.Length > 4 && word.All(char.IsLetter) ? Shuffled(word, dice) : word))),
    ];

    /// <summary>The attacks, one of each cluster at most <paramref name="most"/>, with the range that is hidden.</summary>
    public static IReadOnlyList<(string Text, int Start, int Length)> Texts(Corpus corpus, int most)
    {
        LabelledText[] rows = [.. corpus.Of(true, Source)];
        var (clusters, _) = Clusters.Of([.. rows.Select(row => row.Text)]);
        List<(string, int, int)> texts = [];
        HashSet<int> seen = [];
        for (var i = 0; i < rows.Length && texts.Count < most; i++)
        {
            var match = Attack().Match(rows[i].Text);
            if (match.Success && seen.Add(clusters[i]))
            {
                texts.Add((rows[i].Text, match.Index, match.Length));
            }
        }

        return texts;
    }

    private static string Each(string text, Func<char, string?> change)
    {
        var changed = new StringBuilder();
        foreach (var c in text)
        {
            changed.Append(change(c) ?? c.ToString());
        }

        return changed.ToString();
    }

    private static string Shuffled(string word, Dice dice)
    {
        var inner = word[1..^1].ToCharArray();
        dice.Shuffle(inner);
        return word[0] + new string(inner) + word[^1];
    }

    [GeneratedRegex(@"IMPORTANT!!!.*?(?=['""]\s*[,}\]])", RegexOptions.Singleline, 1000)]
    private static partial Regex Attack();
}
