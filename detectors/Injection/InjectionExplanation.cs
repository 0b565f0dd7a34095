using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>Why a text scored as it did.</summary>
/// <param name="Span">The top span, in normal form.</param>
/// <param name="Words">Its words by what they add to the logit, largest first.</param>
/// <param name="Meaning">What the network over word vectors adds: the part that no single word explains.</param>
public sealed record InjectionExplanation(string Span, IReadOnlyList<WordWeight> Words, double Meaning)
{
    private const int MaxWords = 8;

    /// <summary>Explains a score; made when something was found, so it may allocate.</summary>
    /// <param name="model">The model that scored.</param>
    /// <param name="text">The message that was scored, as it was.</param>
    /// <param name="score">What it scored.</param>
    /// <param name="reading">Buffers to read the span with; what they held is lost.</param>
    public static InjectionExplanation Of(InjectionModel model, MessageText text, InjectionScore score, InjectionReading reading)
    {
        if (score.Length == 0)
        {
            return new("", [], 0);
        }

        var chars = (score.View < 0 ? text.Normal : text.View(score.View).Normal).Chars.Slice(score.Start, score.Length);
        var weights = model.Of(score.Channel).Weights;
        var scan = reading.Scan;
        scan.Read(chars, 0, model.Vocabulary);
        var tokens = scan.Tokens;
        var wide = weights.WideLogit(tokens.Between(0, tokens.Count));
        Dictionary<string, double> words = new(StringComparer.Ordinal);
        for (var i = 0; i < tokens.Count; i++)
        {
            var word = chars[tokens.Starts[i]..tokens.Stops[i]].ToString();
            words[word] = words.GetValueOrDefault(word) + weights.Share(tokens.Between(i, i + 1), tokens.Ends[tokens.Count]);
        }

        return new(chars.ToString(), [.. words.OrderByDescending(word => word.Value).Take(MaxWords).Select(word => new WordWeight(word.Key, word.Value))], score.Logit - weights.Bias - wide);
    }
}

/// <summary>A word, with the pairs it ends, and what they add to the logit.</summary>
public sealed record WordWeight(string Word, double Weight);
