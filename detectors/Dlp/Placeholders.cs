using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>Values that stand where a real one would: examples, masks, variables, the numbers that card schemes publish for tests.</summary>
internal static class Placeholders
{
    private const int LongestRepeat = 5;

    private static readonly SearchValues<string> Words = SearchValues.Create(
        ["example", "xxxx", "****", "....", "your", "changeme", "change-me", "change_me", "placeholder", "dummy", "redacted", "sample", "insert", "replace", "not-a-real", "notreal", "fake", "mypass", "todo", "<", "${", "{{", "%(", "$("],
        StringComparison.OrdinalIgnoreCase);

    private static readonly string[] TestCards =
    [
        "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4222222222222", "5555555555554444", "5105105105105100", "5200828282828210", "2223003122003222", "378282246310005",
        "371449635398431", "378734493671000", "6011111111111117", "6011000990139424", "3056930009020004", "30569309025904", "38520000023237", "3530111333300000", "3566002020360505", "6200000000000005",
    ];

    /// <summary>True for a value that nobody's door opens to.</summary>
    public static bool IsOne(ReadOnlySpan<char> value) => value.ContainsAny(Words) || HasRun(value);

    /// <summary>True for digits that are published for tests, or are no number anybody was given.</summary>
    public static bool IsTestNumber(ReadOnlySpan<byte> digits)
    {
        var (same, next) = (0, 0);
        for (var i = 1; i < digits.Length; i++)
        {
            same += digits[i] == digits[i - 1] ? 1 : 0;
            next += digits[i] == (digits[i - 1] + 1) % 10 ? 1 : 0;
        }

        return same >= digits.Length - 2 || next >= digits.Length - 2 || IsTestCard(digits);
    }

    private static bool IsTestCard(ReadOnlySpan<byte> digits)
    {
        foreach (var card in TestCards)
        {
            if (card.Length != digits.Length)
            {
                continue;
            }

            var same = true;
            for (var i = 0; i < card.Length && same; i++)
            {
                same = card[i] - '0' == digits[i];
            }

            if (same)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One character over and over, or the alphabet or digits in order.</summary>
    private static bool HasRun(ReadOnlySpan<char> value)
    {
        var (same, next) = (1, 1);
        for (var i = 1; i < value.Length; i++)
        {
            same = value[i] == value[i - 1] ? same + 1 : 1;
            next = value[i] == value[i - 1] + 1 ? next + 1 : 1;
            if (same > LongestRepeat || next > LongestRepeat)
            {
                return true;
            }
        }

        return false;
    }
}
