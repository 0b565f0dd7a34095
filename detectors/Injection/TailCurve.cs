namespace McpLedger.Detectors.Injection;

/// <summary>
/// How unusual a score is among benign texts: −log10 of the share of them that score as high or higher (1 is one in ten, 2 one in a hundred).
/// Tails of independent stages add up, and none of it needs to have seen an attack.
/// </summary>
public sealed class TailCurve
{
    // Beyond one in twenty there are too few benign texts to follow their steps: the slope from there to one in two hundred goes on.
    private const double LinearFrom = 0.05;
    private const double LinearTo = 0.005;
    private static readonly double[] Shares = [0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.17, 0.14, 0.12, 0.1, 0.09, 0.08, 0.07, 0.06, LinearFrom];

    private readonly double[] _scores;
    private readonly double[] _tails;
    private readonly double _slope;

    /// <summary>A curve through these points, and on with this slope.</summary>
    /// <param name="scores">Ascending.</param>
    /// <param name="tails">As many, ascending.</param>
    /// <param name="slope">Tail per unit of score beyond the last point.</param>
    public TailCurve(IReadOnlyList<double> scores, IReadOnlyList<double> tails, double slope)
    {
        if (scores.Count == 0 || scores.Count != tails.Count || !double.IsFinite(slope) || scores.Concat(tails).Any(value => !double.IsFinite(value)))
        {
            throw new InvalidDataException($"A tail curve needs as many finite tails as scores and at least one: {scores.Count} scores, {tails.Count} tails.");
        }

        (_scores, _tails, _slope) = ([.. scores], [.. tails], slope);
    }

    /// <summary>Scores of the points.</summary>
    public IReadOnlyList<double> Scores => _scores;

    /// <summary>Tails of the points.</summary>
    public IReadOnlyList<double> Tails => _tails;

    /// <summary>Tail per unit of score beyond the last point.</summary>
    public double Slope => _slope;

    /// <summary>The tail of a score; never negative.</summary>
    public double Of(double score)
    {
        if (score >= _scores[^1])
        {
            return _tails[^1] + ((score - _scores[^1]) * _slope);
        }

        if (!(score > _scores[0]))
        {
            return 0;
        }

        var above = Array.BinarySearch(_scores, score);
        above = above < 0 ? ~above : above + 1;
        var (low, high) = (_scores[above - 1], _scores[above]);
        return high <= low ? _tails[above] : _tails[above - 1] + ((score - low) / (high - low) * (_tails[above] - _tails[above - 1]));
    }

    /// <summary>
    /// One tail of two that look for different things in the same text: the length of both as a vector, so that either alone is enough and what is a little odd both ways is not taken for very odd.
    /// </summary>
    public static double Joined(double tail, double other) => Math.Sqrt((tail * tail) + (other * other));

    /// <summary>Fits a curve to weighted scores of benign texts.</summary>
    /// <param name="benign">Score and weight; weights say how much of the whole each text is.</param>
    public static TailCurve Fit(IEnumerable<(double Score, double Weight)> benign)
    {
        var ordered = benign.OrderByDescending(each => each.Score).ToArray();
        var total = ordered.Sum(each => each.Weight);
        List<double> scores = [];
        List<double> tails = [];
        foreach (var share in Shares)
        {
            var score = Quantile(ordered, share * total);
            if (scores.Count == 0 || score > scores[^1])
            {
                scores.Add(score);
                tails.Add(-Math.Log10(share));
            }
            else
            {
                tails[^1] = -Math.Log10(share);
            }
        }

        var (from, to) = (Quantile(ordered, LinearFrom * total), Quantile(ordered, LinearTo * total));
        return new(scores, tails, (Math.Log10(LinearFrom) - Math.Log10(LinearTo)) / Math.Max(to - from, 1e-3));
    }

    private static double Quantile((double Score, double Weight)[] descending, double weight)
    {
        var sum = 0d;
        foreach (var each in descending)
        {
            sum += each.Weight;
            if (sum >= weight)
            {
                return each.Score;
            }
        }

        return descending.Length == 0 ? 0 : descending[^1].Score;
    }
}
