namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>95 % intervals by drawing clusters with replacement.</summary>
internal static class Bootstrap
{
    private const int Draws = 400;

    /// <summary>The interval of the mean over sources of a share, clusters drawn within each source.</summary>
    public static (double Low, double High) Of(IReadOnlyList<IReadOnlyList<ScoredText>> sources, Func<ScoredText, bool> counts)
    {
        double[][] clusters = [.. sources.Select(source => source.GroupBy(text => text.Cluster).Select(cluster => cluster.Average(text => counts(text) ? 1.0 : 0)).ToArray())];
        if (clusters.Length == 0 || clusters.Any(source => source.Length == 0))
        {
            return (double.NaN, double.NaN);
        }

        var dice = new Dice(7);
        var means = new double[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            means[draw] = clusters.Average(source =>
            {
                var sum = 0d;
                for (var i = 0; i < source.Length; i++)
                {
                    sum += source[dice.Below(source.Length)];
                }

                return sum / source.Length;
            });
        }

        Array.Sort(means);
        return (means[(int)(Draws * 0.025)], means[(int)(Draws * 0.975)]);
    }
}
