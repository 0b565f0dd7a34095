using System.Buffers.Binary;

namespace McpLedger.Detectors.Injection;

/// <summary>A linear scorer over hashed n-grams as Microsoft.ML trained it, read without Microsoft.ML: <c>MLLW0001</c>, bias, number of weights, then bucket and weight of each that is not zero.</summary>
internal sealed class LinearWeights(float bias, float[] weights)
{
    private static readonly byte[] Magic = "MLLW0001"u8.ToArray();

    public float Bias => bias;

    public float Weight(int bucket) => weights[bucket];

    /// <summary>Bias plus the weights of the buckets over the root of their number.</summary>
    public float Logit(ReadOnlySpan<int> buckets)
    {
        var sum = 0d;
        foreach (var bucket in buckets)
        {
            sum += weights[bucket];
        }

        return buckets.IsEmpty ? bias : (float)(bias + (sum / Math.Sqrt(buckets.Length)));
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
            throw new InvalidDataException("These are no linear weights: the file begins with MLLW0001.");
        }

        var weights = new float[TokenFeatures.Buckets];
        Span<byte> pair = new byte[8];
        for (var i = 0; i < count; i++)
        {
            stream.ReadExactly(pair);
            var bucket = BinaryPrimitives.ReadInt32LittleEndian(pair);
            weights[(uint)bucket < weights.Length ? bucket : throw new InvalidDataException($"Bucket {bucket} is beyond {weights.Length}.")] = BinaryPrimitives.ReadSingleLittleEndian(pair[4..]);
        }

        return new(BinaryPrimitives.ReadSingleLittleEndian(head[8..]), weights);
    }

    public void Write(Stream stream)
    {
        Span<byte> head = new byte[Magic.Length + 8];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteSingleLittleEndian(head[8..], bias);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], weights.Count(weight => weight != 0));
        stream.Write(head);
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
