using System.Globalization;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Detectors.Training.Dlp;

/// <summary>Fits the weights of the generic secret classifier to made texts: logistic regression by gradient descent, the same weights for the same texts on every machine.</summary>
internal static class GenericSecretTrainer
{
    /// <summary>The seed and the number of texts that the committed weights come from.</summary>
    public const ulong Seed = 20261126;

    /// <summary>How many texts.</summary>
    public const int Texts = 6000;

    private const int Epochs = 40;
    private const float Decay = 1e-4f;

    /// <summary>Fits and returns the weights as the lines of their file.</summary>
    public static IReadOnlyList<string> Train()
    {
        var rows = Rows(DlpTexts.Make(Seed, Texts, heldOut: false));
        var weights = new float[SecretCandidate.Features];
        var draw = new Draw(Seed);
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            var rate = 0.2f / (1 + (epoch * 0.3f));
            for (var i = rows.Count - 1; i > 0; i--)
            {
                var j = draw.Below(i + 1);
                (rows[i], rows[j]) = (rows[j], rows[i]);
            }

            foreach (var (features, isSecret) in rows)
            {
                var sum = 0.0;
                for (var i = 0; i < weights.Length; i++)
                {
                    sum += features[i] * weights[i];
                }

                var error = (float)((1 / (1 + Math.Exp(-sum))) - (isSecret ? 1 : 0));
                for (var i = 0; i < weights.Length; i++)
                {
                    weights[i] -= rate * ((error * features[i]) + (Decay * weights[i]));
                }
            }
        }

        return [.. weights.Select(weight => weight.ToString("0.####", CultureInfo.InvariantCulture))];
    }

    private static List<(float[] Features, bool IsSecret)> Rows(IReadOnlyList<MadeText> texts)
    {
        var rows = new List<(float[], bool)>();
        foreach (var made in texts)
        {
            var text = made.Text.AsSpan();
            for (var at = 0; text[at..].IndexOfAny(SecretCandidate.Keywords) is >= 0 and var hit; at++)
            {
                at += hit;
                if (!SecretCandidate.TryRead(text, at, out var candidate))
                {
                    continue;
                }

                var (start, length) = (candidate.Start, candidate.Value.Length);
                var span = made.Spans.FirstOrDefault(span => span.Start < start + length && start < span.Start + span.Length);
                if (span is null or { Rule: "generic-secret" })
                {
                    var features = new float[SecretCandidate.Features];
                    candidate.Describe(features);
                    rows.Add((features, span is not null));
                }
            }
        }

        return rows;
    }
}
