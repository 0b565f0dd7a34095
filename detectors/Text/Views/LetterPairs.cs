using System.Globalization;

namespace McpLedger.Detectors.Text.Views;

/// <summary>How well letters follow one another (<c>Tables/letter-pairs.txt</c>): tenths of a natural logarithm against chance, the 27th letter being the border of a word.</summary>
internal static class LetterPairs
{
    public const int Border = 26;
    private const int Letters = 27;
    private const int Allowance = 4;

    private static readonly sbyte[] Table = Load();
    private static readonly sbyte[] Rot13Gains = Gains((a, b) => Score(Turn(a), Turn(b)));
    private static readonly sbyte[] ReversedGains = Gains((a, b) => Score(b, a));

    /// <summary>The letter's number; <see cref="Border"/> for what is none. Lower case only.</summary>
    public static int Index(char c) => (uint)(c - 'a') < 26 ? c - 'a' : Border;

    public static int Score(int first, int second) => Table[(first * Letters) + second];

    /// <summary>What the pair would gain were it turned by thirteen.</summary>
    public static int Rot13Gain(int first, int second) => Rot13Gains[(first * Letters) + second];

    /// <summary>What the pair would gain were it read from the end.</summary>
    public static int ReversedGain(int first, int second) => ReversedGains[(first * Letters) + second];

    /// <summary>True for a text that reads like words: its letters follow one another better than by chance, or they belong to another script.</summary>
    public static bool ReadsLikeWords(ReadOnlySpan<char> text)
    {
        var (sum, pairs, foreign) = (0, 0, 0);
        var before = Border;
        foreach (var c in text)
        {
            var letter = Index((char)(c | (char.IsAsciiLetterUpper(c) ? 0x20 : 0)));
            foreign += letter == Border && c >= 0x80 && char.IsLetter(c) ? 1 : 0;
            if (letter == Border && before == Border)
            {
                continue;
            }

            sum += Score(before, letter);
            pairs++;
            before = letter;
        }

        return foreign * 2 > text.Length || (pairs >= 6 && sum > pairs * 2);
    }

    private static int Turn(int letter) => letter == Border ? Border : (letter + 13) % 26;

    private static sbyte[] Load() => [.. Folding.Lines("letter-pairs").SelectMany(line => line.Split(' ')).Select(value => sbyte.Parse(value, CultureInfo.InvariantCulture))];

    private static sbyte[] Gains(Func<int, int, int> other)
    {
        var gains = new sbyte[Letters * Letters];
        for (var i = 0; i < gains.Length; i++)
        {
            // What is turned must read like words itself: letters at random gain as often as they lose. One odd pair must not decide.
            var turned = other(i / Letters, i % Letters);
            gains[i] = (sbyte)Math.Clamp(Math.Min(turned - Table[i], turned + Allowance), -30, 30);
        }

        gains[^1] = 0;
        return gains;
    }
}
