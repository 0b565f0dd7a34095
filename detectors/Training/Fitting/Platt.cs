namespace McpLedger.Detectors.Training.Fitting;

/// <summary>A logistic curve from tails to probabilities, both classes weighing the same.</summary>
internal static class Platt
{
    private const int Steps = 100;

    /// <summary>Newton's method on two numbers.</summary>
    public static (double Slope, double Offset) Fit(IReadOnlyList<(double Tail, bool IsAttack)> texts)
    {
        var (slope, offset) = (1d, 0d);
        var attacks = texts.Count(text => text.IsAttack);
        if (attacks == 0 || attacks == texts.Count)
        {
            return (slope, offset);
        }

        for (var step = 0; step < Steps; step++)
        {
            double g0 = 0, g1 = 0, h00 = 1e-6, h01 = 0, h11 = 1e-6;
            foreach (var (tail, isAttack) in texts)
            {
                var weight = 0.5 / (isAttack ? attacks : texts.Count - attacks);
                var p = 1 / (1 + Math.Exp(-((slope * tail) + offset)));
                var (error, curve) = (weight * (p - (isAttack ? 1 : 0)), weight * p * (1 - p));
                g0 += error;
                g1 += error * tail;
                h00 += curve;
                h01 += curve * tail;
                h11 += curve * tail * tail;
            }

            var determinant = (h00 * h11) - (h01 * h01);
            if (Math.Abs(determinant) < 1e-12)
            {
                break;
            }

            offset -= ((h11 * g0) - (h01 * g1)) / determinant;
            slope -= ((h00 * g1) - (h01 * g0)) / determinant;
        }

        return (Math.Clamp(slope, 0.1, 20), Math.Clamp(offset, -20, 20));
    }
}
