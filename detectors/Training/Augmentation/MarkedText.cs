using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>A text whose payload stands between two private-use characters until it is normalised.</summary>
internal static class MarkedText
{
    public const char Open = '\uE000';
    public const char Close = '\uE001';

    public static string Mark(string payload) => $"{Open}{payload}{Close}";

    /// <summary>The same for a text that is JSON, read as the gateway reads it.</summary>
    public static TrainingText ReadJson(string marked, bool isAttack)
    {
        // Marks are private-use characters: normalising leaves them alone, so they can be taken out afterwards.
        var text = NormalText.OfJson(marked.Replace("\\uE000", "\uE000", StringComparison.Ordinal).Replace("\\uE001", "\uE001", StringComparison.Ordinal));
        var open = text.IndexOf(Open, StringComparison.Ordinal);
        var close = text.IndexOf(Close, StringComparison.Ordinal);
        return open < 0 || close < open
            ? new(isAttack, text.Replace("\uE000", "", StringComparison.Ordinal).Replace("\uE001", "", StringComparison.Ordinal))
            : new(isAttack, text[..open] + text[(open + 1)..close] + text[(close + 1)..], open, close - 1);
    }

    /// <summary>The training text without the marks, normalised, with the payload's place in it.</summary>
    public static TrainingText Read(string marked, bool isAttack, double weight = 1)
    {
        var open = marked.IndexOf(Open, StringComparison.Ordinal);
        var close = marked.IndexOf(Close, StringComparison.Ordinal);
        if (open < 0 || close < open)
        {
            return new(isAttack, NormalText.Of(marked), -1, -1, weight);
        }

        var before = NormalText.Of(marked[..open]);
        var payload = NormalText.Of(marked[(open + 1)..close]);
        return new(isAttack, before + payload + NormalText.Of(marked[(close + 1)..]), before.Length, before.Length + payload.Length, weight);
    }
}
