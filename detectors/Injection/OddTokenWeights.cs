using System.Buffers.Binary;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// A small network over the shares of odd tokens in a window and over nothing else: suffixes that an optimiser made have no meaning, and are found by being no language.
/// As a file: <c>MLOT0001</c>, hidden units, bias, first layer row by row, its biases, second layer.
/// </summary>
internal sealed class OddTokenWeights(float bias, float[] first, float[] firstBias, float[] second)
{
    private const int Inputs = WideDeepWeights.SignInputs;
    private static readonly byte[] Magic = "MLOT0001"u8.ToArray();

    /// <summary>The logit of a window.</summary>
    /// <param name="shares">Its shares of odd tokens.</param>
    public float Logit(ReadOnlySpan<float> shares)
    {
        var logit = bias;
        for (var j = 0; j < second.Length; j++)
        {
            var unit = firstBias[j];
            for (var d = 0; d < Inputs; d++)
            {
                unit += first[(j * Inputs) + d] * shares[d];
            }

            logit += unit > 0 ? unit * second[j] : 0;
        }

        return logit;
    }

    /// <summary>The part of a scorer that reads odd tokens; one that was trained on nothing else has no other.</summary>
    public static OddTokenWeights Of(WideDeepWeights weights) => new(
        weights.Bias,
        [.. Enumerable.Range(0, weights.Hidden).SelectMany(j => weights.First.AsSpan((j * WideDeepWeights.Inputs) + (2 * WordVectors.Dimensions), Inputs).ToArray())],
        weights.FirstBias,
        weights.Second);

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static OddTokenWeights Read(Stream stream)
    {
        Span<byte> head = new byte[Magic.Length + 4];
        stream.ReadExactly(head);
        var hidden = BinaryPrimitives.ReadInt32LittleEndian(head[Magic.Length..]);
        if (!head.StartsWith(Magic) || hidden is < 1 or > WindowScan.MaxHidden)
        {
            throw new InvalidDataException($"These are no weights of odd tokens: the file begins with MLOT0001 and has 1 to {WindowScan.MaxHidden} hidden units.");
        }

        var (bias, first, firstBias, second) = (new float[1], new float[hidden * Inputs], new float[hidden], new float[hidden]);
        foreach (var part in (float[][])[bias, first, firstBias, second])
        {
            WeightsFile.ReadFloats(stream, part);
        }

        return new(bias[0], first, firstBias, second);
    }

    public void Write(Stream stream)
    {
        stream.Write(Magic);
        Span<byte> number = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(number, second.Length);
        stream.Write(number);
        WeightsFile.WriteFloats(stream, [bias, .. first, .. firstBias, .. second]);
    }
}
