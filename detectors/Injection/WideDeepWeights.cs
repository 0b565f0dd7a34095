using System.Runtime.Intrinsics;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// A wide and deep scorer's numbers: one weight a hash bucket, and a small network over pooled word vectors (mean and maximum of the window, mean of the text around it).
/// </summary>
internal sealed class WideDeepWeights
{
    /// <summary>Inputs that a window has of its own: mean, maximum, and the shares of its odd tokens, filled up to a register.</summary>
    public const int WindowInputs = (2 * WordVectors.Dimensions) + SignInputs;

    /// <summary>Room for the shares of odd tokens, and the window's length.</summary>
    public const int SignInputs = 8;

    /// <summary>Inputs of the network: the window's and the surrounding mean.</summary>
    public const int Inputs = WindowInputs + WordVectors.Dimensions;

    public required int Hidden { get; init; }

    public required float[] Wide { get; init; }

    public required float Bias { get; set; }

    /// <summary>First layer, row by row: <see cref="Hidden"/> × <see cref="Inputs"/>.</summary>
    public required float[] First { get; init; }

    public required float[] FirstBias { get; init; }

    public required float[] Second { get; init; }

    public static WideDeepWeights Empty(int hidden) => new()
    {
        Hidden = hidden,
        Wide = new float[TokenFeatures.Buckets],
        Bias = 0,
        First = new float[hidden * Inputs],
        FirstBias = new float[hidden],
        Second = new float[hidden],
    };

    /// <summary>One scorer whose logit is the mean of the logits of <paramref name="members"/>: its network is theirs side by side.</summary>
    public static WideDeepWeights MeanOf(IReadOnlyList<WideDeepWeights> members)
    {
        var wide = new float[TokenFeatures.Buckets];
        foreach (var member in members)
        {
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] += member.Wide[i] / members.Count;
            }
        }

        return new()
        {
            Hidden = members.Sum(m => m.Hidden),
            Wide = wide,
            Bias = members.Average(m => m.Bias),
            First = [.. members.SelectMany(m => m.First)],
            FirstBias = [.. members.SelectMany(m => m.FirstBias)],
            Second = [.. members.SelectMany(m => m.Second.Select(weight => weight / members.Count))],
        };
    }

    /// <summary>The sum of the buckets' weights over the root of their number.</summary>
    public float WideLogit(ReadOnlySpan<int> buckets)
    {
        var sum = 0d;
        foreach (var bucket in buckets)
        {
            sum += Wide[bucket];
        }

        return buckets.IsEmpty ? 0 : (float)(sum / Math.Sqrt(buckets.Length));
    }

    /// <summary>What some of a window's buckets add to its wide logit.</summary>
    public double Share(ReadOnlySpan<int> buckets, int ofAll)
    {
        var sum = 0d;
        foreach (var bucket in buckets)
        {
            sum += Wide[bucket];
        }

        return sum / Math.Sqrt(Math.Max(1, ofAll));
    }

    /// <summary>What the text around adds to each hidden unit; the same for every window of a slice.</summary>
    public void Surround(ReadOnlySpan<float> around, Span<float> hidden)
    {
        for (var j = 0; j < Hidden; j++)
        {
            hidden[j] = FirstBias[j] + Dot(First.AsSpan((j * Inputs) + WindowInputs, WordVectors.Dimensions), around);
        }
    }

    /// <summary>The network's logit for a window; <paramref name="activated"/> takes the hidden units.</summary>
    /// <param name="pooled">The window's inputs.</param>
    /// <param name="surround">What <see cref="Surround"/> made.</param>
    /// <param name="activated">As many as <see cref="Hidden"/>.</param>
    public float DeepLogit(ReadOnlySpan<float> pooled, ReadOnlySpan<float> surround, Span<float> activated)
    {
        var logit = 0f;
        for (var j = 0; j < Hidden; j++)
        {
            var unit = surround[j] + Dot(First.AsSpan(j * Inputs, WindowInputs), pooled);
            unit = unit > 0 ? unit : 0;
            activated[j] = unit;
            logit += unit * Second[j];
        }

        return logit;
    }

    // Always eight lanes: the order of additions, and with it the digest of a training, must not depend on the machine's width.
    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = Vector256<float>.Zero;
        for (var d = 0; d < a.Length; d += Vector256<float>.Count)
        {
            sum += Vector256.Create(a.Slice(d, Vector256<float>.Count)) * Vector256.Create(b.Slice(d, Vector256<float>.Count));
        }

        return Vector256.Sum(sum);
    }
}
