using System.Buffers.Binary;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// A linear scorer over hashed n-grams and pooled word vectors as Microsoft.ML trained it, read without Microsoft.ML:
/// <c>MLLW0002</c>, bias, number of weights, one weight a pooled dimension, then bucket and weight of each that is not zero.
/// </summary>
/// <param name="bias">What every text has.</param>
/// <param name="weights">One a bucket.</param>
/// <param name="meaning">One a dimension of <see cref="Pool"/>.</param>
internal sealed class LinearWeights(float bias, float[] weights, float[] meaning)
{
    /// <summary>Dimensions of a text's pooled vectors: their mean, then their maximum.</summary>
    public const int Pooled = 2 * WordVectors.Dimensions;

    // Vectors must not drown the n-grams, which tell "steals a token" from "revokes a token": one regularisation serves both.
    private const float PooledScale = 0.5f;

    private static readonly byte[] Magic = "MLLW0002"u8.ToArray();

    /// <summary>Bias, plus the weights of the buckets over the root of their number, plus what the pooled vectors add.</summary>
    /// <param name="buckets">Of the text's tokens.</param>
    /// <param name="pooled">What <see cref="Pool"/> made of the same tokens.</param>
    public float Logit(ReadOnlySpan<int> buckets, ReadOnlySpan<float> pooled)
    {
        var sum = 0d;
        foreach (var bucket in buckets)
        {
            sum += weights[bucket];
        }

        var logit = buckets.IsEmpty ? bias : bias + (sum / Math.Sqrt(buckets.Length));
        for (var d = 0; d < Pooled; d++)
        {
            logit += meaning[d] * pooled[d];
        }

        return (float)logit;
    }

    /// <summary>Mean and maximum of the vectors of some words.</summary>
    /// <param name="rows">Their rows; 0 has no vector.</param>
    /// <param name="vectors">The vectors.</param>
    /// <param name="pooled">Takes <see cref="Pooled"/> numbers.</param>
    public static void Pool(ReadOnlySpan<int> rows, WordVectors vectors, Span<float> pooled)
    {
        const float scale = PooledScale * WordVectors.Range / 127f;
        pooled.Clear();
        var mean = pooled[..WordVectors.Dimensions];
        var peak = pooled[WordVectors.Dimensions..];
        var known = 0;
        foreach (var row in rows)
        {
            if (row == 0)
            {
                continue;
            }

            known++;
            var vector = vectors.Row(row);
            for (var d = 0; d < WordVectors.Dimensions; d++)
            {
                mean[d] += vector[d];
                peak[d] = Math.Max(peak[d], vector[d]);
            }
        }

        for (var d = 0; d < WordVectors.Dimensions; d++)
        {
            mean[d] *= 2 * scale / Math.Max(1, known);
            peak[d] *= scale;
        }
    }

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static LinearWeights Read(Stream stream)
    {
        Span<byte> head = new byte[Magic.Length + 8];
        stream.ReadExactly(head);
        var count = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
        if (!head.StartsWith(Magic) || count is < 0 or > TokenFeatures.Buckets)
        {
            throw new InvalidDataException("These are no linear weights: the file begins with MLLW0002.");
        }

        var meaning = new float[Pooled];
        WeightsFile.ReadFloats(stream, meaning);
        var weights = new float[TokenFeatures.Buckets];
        Span<byte> pair = new byte[8];
        for (var i = 0; i < count; i++)
        {
            stream.ReadExactly(pair);
            var bucket = BinaryPrimitives.ReadInt32LittleEndian(pair);
            weights[(uint)bucket < weights.Length ? bucket : throw new InvalidDataException($"Bucket {bucket} is beyond {weights.Length}.")] = BinaryPrimitives.ReadSingleLittleEndian(pair[4..]);
        }

        return new(BinaryPrimitives.ReadSingleLittleEndian(head[8..]), weights, meaning);
    }

    public void Write(Stream stream)
    {
        Span<byte> head = new byte[Magic.Length + 8];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteSingleLittleEndian(head[8..], bias);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], weights.Count(weight => weight != 0));
        stream.Write(head);
        WeightsFile.WriteFloats(stream, meaning);
        Span<byte> pair = new byte[8];
        for (var bucket = 0; bucket < weights.Length; bucket++)
        {
            if (weights[bucket] != 0)
            {
                BinaryPrimitives.WriteInt32LittleEndian(pair, bucket);
                BinaryPrimitives.WriteSingleLittleEndian(pair[4..], weights[bucket]);
                stream.Write(pair);
            }
        }
    }
}
