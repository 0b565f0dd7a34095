using System.Globalization;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Dlp;

/// <summary>
/// Secrets without a form of their own: what stands after a name that promises one, judged by a logistic model. Its weights (<c>Dlp/Tables/generic-secret.txt</c>) are fitted by the trainer.
/// </summary>
internal static class GenericSecrets
{
    public static readonly DlpRule Rule = new("generic-secret", DataClass.Secret, DlpEvidence.Learned);

    private const float Threshold = 0.5f;

    private static readonly float[] Weights = [.. Folding.Lines("generic-secret").Select(line => float.Parse(line, CultureInfo.InvariantCulture))];

    /// <summary>At a keyword: adds the candidate when it is a secret, and says how far it was read.</summary>
    public static int Find(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        if (!SecretCandidate.TryRead(text, at, out var candidate))
        {
            return at + 3;
        }

        return IsSecret(candidate, found) ? candidate.Start + candidate.Length : at + 3;
    }

    /// <summary>Adds the value of a member when it is a secret as a whole, whatever signs are in it.</summary>
    public static bool IsMember(ReadOnlySpan<char> text, in TextLeaf name, in TextLeaf value, DlpFindings found) =>
        SecretCandidate.TryRead(text, name, value, out var candidate) && IsSecret(candidate, found);

    private static bool IsSecret(in SecretCandidate candidate, DlpFindings found)
    {
        var score = Score(candidate, Weights);
        if (score < Threshold)
        {
            return false;
        }

        found.Add(Rule, candidate.Start, candidate.Length, score);
        return true;
    }

    public static float Score(in SecretCandidate candidate, ReadOnlySpan<float> weights)
    {
        Span<float> features = stackalloc float[SecretCandidate.Features];
        candidate.Describe(features);
        var sum = 0f;
        for (var i = 0; i < features.Length; i++)
        {
            sum += features[i] * weights[i];
        }

        return 1 / (1 + MathF.Exp(-sum));
    }
}
