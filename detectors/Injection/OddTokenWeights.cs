using System.Buffers.Binary;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// A small network over how odd a window is and over nothing that it says: its shares of odd tokens (<see cref="TokenSigns"/>) and how surprising its shape is (<see cref="ShapeScan"/>).
/// Suffixes that an optimiser made have no meaning, and are found by being no language. As a file: <c>MLOT0002</c>, hidden units, bias, first layer row by row, its biases, second layer.
/// </summary>
internal sealed class OddTokenWeights(float bias, float[] first, float[] firstBias, float[] second)
{
    /// <summary>Numbers that a window has: the shares of its odd tokens and its length, then its shape's.</summary>
    public const int Inputs = WideDeepWeights.SignInputs + ShapeScan.Inputs;

    private static readonly byte[] Magic = "MLOT0002"u8.ToArray();

    /// <summary>The logit of a window.</summary>
    /// <param name="inputs">Its <see cref="Inputs"/> numbers.</param>
    public float Logit(ReadOnlySpan<float> inputs)
    {
        var logit = bias;
        for (var j = 0; j < second.Length; j++)
        {
            var unit = firstBias[j];
            for (var d = 0; d < Inputs; d++)
            {
                unit += first[(j * Inputs) + d] * inputs[d];
            }

            logit += unit > 0 ? unit * second[j] : 0;
        }

        return logit;
    }

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static OddTokenWeights Read(Stream stream)
    {
        Span<byte> head = new byte[Magic.Length + 4];
        stream.ReadExactly(head);
        var hidden = BinaryPrimitives.ReadInt32LittleEndian(head[Magic.Length..]);
        if (!head.StartsWith(Magic) || hidden is < 1 or > WindowScan.MaxHidden)
        {
            throw new InvalidDataException($"These are no weights of odd tokens: the file begins with MLOT0002 and has 1 to {WindowScan.MaxHidden} hidden units.");
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

/// <summary>What a channel's second scorer reads with.</summary>
/// <param name="Shapes">How ordinary texts go on.</param>
/// <param name="Weights">What an odd window weighs.</param>
internal sealed record OddTokens(KnownShapes Shapes, OddTokenWeights Weights);
