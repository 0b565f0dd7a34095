using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>
/// Tail curves and thresholds fitted on one half of the benign clusters and applied to the other half, both ways: a threshold that was read off the texts it is measured with flatters.
/// </summary>
internal sealed class CrossFit
{
    private readonly FittedCurves[] _curves = new FittedCurves[2];
    private readonly Dictionary<double, double[]> _thresholds = [];
    private readonly IReadOnlyList<IReadOnlyList<ScoredText>> _benign;
    private readonly Func<FittedCurves, ScoredText, double> _tail;

    /// <param name="benign">One list a source.</param>
    public CrossFit(IReadOnlyList<IReadOnlyList<ScoredText>> benign)
        : this(benign, static (curves, text) => curves.Tail(text))
    {
    }

    /// <param name="benign">One list a source.</param>
    /// <param name="tail">How a text's scores become one number, where not as the detector does it.</param>
    public CrossFit(IReadOnlyList<IReadOnlyList<ScoredText>> benign, Func<FittedCurves, ScoredText, double> tail)
    {
        (_benign, _tail) = (benign, tail);
        for (var fold = 0; fold < 2; fold++)
        {
            ScoredText[][] half = [.. benign.Select(source => source.Where(text => text.Fold == fold).ToArray())];
            _curves[fold] = Fit(half);
        }
    }

    /// <summary>The curves of some benign sources, each source weighing the same; the encoder's is over those that reach it.</summary>
    public static FittedCurves Fit(IReadOnlyList<IReadOnlyList<ScoredText>> sources)
    {
        List<(double, double)> first = [];
        List<(double, double)> second = [];
        List<(double, double)> odd = [];
        foreach (var source in sources)
        {
            var total = source.Sum(text => text.Weight);
            first.AddRange(source.Select(text => (text.StageOne, text.Weight / total)));
            second.AddRange(source.Where(text => text.ReachedEncoder).Select(text => (text.Encoder, text.Weight / total)));
            odd.AddRange(source.Where(text => !double.IsNaN(text.Odd)).Select(text => (text.Odd, text.Weight / total)));
        }

        return new(TailCurve.Fit(first), odd.Count == 0 ? null : TailCurve.Fit(odd), second.Count < 20 ? null : TailCurve.Fit(second));
    }

    /// <summary>The tail of a text under the curves of the half that it is not in.</summary>
    public double Tail(ScoredText text) => Tail(text, 1 - text.Fold);

    public bool IsAbove(ScoredText text, double rate) => Tail(text) > Thresholds(rate)[1 - text.Fold];

    /// <summary>The weighted share of texts above the threshold of this rate.</summary>
    public double Share(IEnumerable<ScoredText> texts, double rate) => BoardEvaluation.Share(texts, text => IsAbove(text, rate));

    private double Tail(ScoredText text, int fold) => _tail(_curves[fold], text);

    private double[] Thresholds(double rate)
    {
        if (!_thresholds.TryGetValue(rate, out var thresholds))
        {
            _thresholds[rate] = thresholds = [.. Enumerable.Range(0, 2).Select(fold =>
                Metrics.Threshold([.. _benign.Select(source => source.Where(text => text.Fold == fold).Select(text => new WeightedScore(Tail(text, fold), text.Weight)).ToArray())], rate))];
        }

        return thresholds;
    }
}

/// <summary>What benign texts say of a channel's scores: how unusual each of them is.</summary>
/// <param name="StageOne">Of stage one's logit.</param>
/// <param name="Odd">Of the logit of odd tokens, where there is one.</param>
/// <param name="StageTwo">Of the encoder's logit, over texts that reach it.</param>
internal sealed record FittedCurves(TailCurve StageOne, TailCurve? Odd, TailCurve? StageTwo)
{
    /// <summary>A text's tail, as the detector makes it.</summary>
    public double Tail(ScoredText text)
    {
        var tail = StageOne.Of(text.StageOne);
        tail = Odd is null ? tail : TailCurve.Joined(tail, Odd.Of(text.Odd));
        return tail + text.MarkTail + (text.ReachedEncoder && StageTwo is not null ? StageTwo.Of(text.Encoder) : 0);
    }
}
