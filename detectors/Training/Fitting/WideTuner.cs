using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>
/// Continues a trained scorer on a few labelled texts: gradient steps on the n-gram weights of each text's best window. The network and the bias stay, and so do, as far as they can, the scores of anchors:
/// labels would otherwise pull along whatever shares their everyday words.
/// </summary>
internal sealed class WideTuner(Vocabulary vocabulary, WideDeepWeights weights)
{
    private const int Epochs = 8;

    // A step moves the logit of the very window by this much at most, however long it is.
    private const float Rate = 0.5f;

    private readonly WindowScan _scan = new();
    private ScoredWindow _window;

    /// <summary>Learns.</summary>
    /// <param name="texts">What is labelled.</param>
    /// <param name="anchors">Normalised texts whose scores are to stay as they are.</param>
    /// <param name="seed">The order.</param>
    public void Learn(IReadOnlyList<TrainingText> texts, IReadOnlyList<string> anchors, ulong seed)
    {
        var dice = new Dice(seed);
        float[] held = [.. anchors.Select(anchor => Best(anchor).Logit)];
        int[] order = [.. Enumerable.Range(0, texts.Count + anchors.Count)];
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            dice.Shuffle(order);
            foreach (var i in order)
            {
                if (i < texts.Count)
                {
                    var logit = Best(texts[i].Text).Logit;
                    Move((float)texts[i].Weight * ((texts[i].IsAttack ? 1 : 0) - (1f / (1f + MathF.Exp(-logit)))));
                }
                else
                {
                    var logit = Best(anchors[i - texts.Count]).Logit;
                    Move(Math.Clamp(held[i - texts.Count] - logit, -1, 1));
                }
            }
        }
    }

    // Moves the logit of the window that was read last.
    private void Move(float by)
    {
        var buckets = _window.End == 0 ? [] : _scan.Tokens.Between(_window.First, _window.End);
        var step = Rate * by / MathF.Sqrt(Math.Max(1, buckets.Length));
        foreach (var bucket in buckets)
        {
            weights.Wide[bucket] += step;
        }
    }

    // Leaves the scan at the slice that has the window.
    private ScoredWindow Best(string text)
    {
        var at = 0;
        _window = default;
        for (var from = 0; from < text.Length;)
        {
            var start = from;
            from = _scan.Read(text, from, vocabulary);
            if (_scan.Blocks > 0)
            {
                _scan.Score(weights);
                var best = _scan.Best();
                (_window, at) = _window.End == 0 || best.Logit > _window.Logit ? (best, start) : (_window, at);
            }
        }

        if (_window.End > 0)
        {
            _scan.Read(text, at, vocabulary);
        }

        return _window;
    }
}
