namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>A score with the weight of its text.</summary>
internal readonly record struct WeightedScore(double Score, double Weight);

/// <summary>The figures of a scoreboard, over weighted scores.</summary>
internal static class Metrics
{
    /// <summary>The threshold above which the mean over sources of their benign shares stays within <paramref name="rate"/>.</summary>
    public static double Threshold(IReadOnlyList<IReadOnlyList<WeightedScore>> benignSources, double rate)
    {
        List<WeightedScore> all = [];
        foreach (var source in benignSources.Where(source => source.Count > 0))
        {
            var total = source.Sum(each => each.Weight);
            all.AddRange(source.Select(each => each with { Weight = each.Weight / total }));
        }

        var budget = rate * benignSources.Count(source => source.Count > 0);
        var spent = 0d;
        foreach (var each in all.OrderByDescending(each => each.Score))
        {
            spent += each.Weight;
            if (spent > budget)
            {
                return each.Score;
            }
        }

        return double.NegativeInfinity;
    }

    /// <summary>The weighted share of scores above a threshold.</summary>
    public static double ShareAbove(IReadOnlyList<WeightedScore> scores, double threshold)
    {
        var (above, total) = (0d, 0d);
        foreach (var each in scores)
        {
            total += each.Weight;
            above += each.Score > threshold ? each.Weight : 0;
        }

        return total == 0 ? 0 : above / total;
    }

    /// <summary>The area under the curve: how often an attack scores above a benign text, ties counted half.</summary>
    public static double Auc(IReadOnlyList<WeightedScore> attacks, IReadOnlyList<WeightedScore> benign)
    {
        var ordered = benign.OrderBy(each => each.Score).ToArray();
        var below = new double[ordered.Length + 1];
        for (var i = 0; i < ordered.Length; i++)
        {
            below[i + 1] = below[i] + ordered[i].Weight;
        }

        var scores = ordered.Select(each => each.Score).ToArray();
        var (wins, total) = (0d, 0d);
        foreach (var attack in attacks)
        {
            var (low, high) = (Lower(scores, attack.Score), Upper(scores, attack.Score));
            wins += attack.Weight * (below[low] + ((below[high] - below[low]) / 2));
            total += attack.Weight;
        }

        return total == 0 || below[^1] == 0 ? double.NaN : wins / (total * below[^1]);
    }

    private static int Lower(double[] sorted, double value) => Bound(sorted, each => each < value);

    private static int Upper(double[] sorted, double value) => Bound(sorted, each => each <= value);

    private static int Bound(double[] sorted, Func<double, bool> isBelow)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = isBelow(sorted[middle]) ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
