using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// A wide and deep scorer as a file: <c>MLWD0001</c>, hidden units, bias, scale of the wide weights, the network as little-endian floats, then a signed byte a bucket.
/// </summary>
internal static class WeightsFile
{
    private const int Head = 8 + 4 + 4 + 4;
    private static readonly byte[] Magic = "MLWD0001"u8.ToArray();

    /// <summary>The same weights with the wide ones rounded to what the file can hold: what was measured is what is shipped.</summary>
    public static WideDeepWeights Rounded(WideDeepWeights weights)
    {
        using var file = new MemoryStream();
        Write(weights, file);
        file.Position = 0;
        return Read(file);
    }

    public static void Write(WideDeepWeights weights, Stream stream)
    {
        var scale = Math.Max(weights.Wide.Max(MathF.Abs) / sbyte.MaxValue, 1e-9f);
        Span<byte> head = new byte[Head];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], weights.Hidden);
        BinaryPrimitives.WriteSingleLittleEndian(head[12..], weights.Bias);
        BinaryPrimitives.WriteSingleLittleEndian(head[16..], scale);
        stream.Write(head);
        WriteFloats(stream, weights.First);
        WriteFloats(stream, weights.FirstBias);
        WriteFloats(stream, weights.Second);
        var wide = new sbyte[TokenFeatures.Buckets];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = (sbyte)Math.Clamp(MathF.Round(weights.Wide[i] / scale), -sbyte.MaxValue, sbyte.MaxValue);
        }

        stream.Write(MemoryMarshal.AsBytes(wide.AsSpan()));
    }

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static WideDeepWeights Read(Stream stream)
    {
        Span<byte> head = new byte[Head];
        stream.ReadExactly(head);
        var hidden = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        if (!head.StartsWith(Magic) || hidden is < 1 or > WindowScan.MaxHidden)
        {
            throw new InvalidDataException($"These are no weights of a scorer: the file begins with MLWD0001 and has 1 to {WindowScan.MaxHidden} hidden units.");
        }

        var weights = WideDeepWeights.Empty(hidden);
        weights.Bias = BinaryPrimitives.ReadSingleLittleEndian(head[12..]);
        var scale = BinaryPrimitives.ReadSingleLittleEndian(head[16..]);
        ReadFloats(stream, weights.First);
        ReadFloats(stream, weights.FirstBias);
        ReadFloats(stream, weights.Second);
        var wide = new sbyte[TokenFeatures.Buckets];
        stream.ReadExactly(MemoryMarshal.AsBytes(wide.AsSpan()));
        for (var i = 0; i < wide.Length; i++)
        {
            weights.Wide[i] = wide[i] * scale;
        }

        return weights;
    }

    public static void WriteFloats(Stream stream, float[] values)
    {
        Span<byte> bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes[(i * sizeof(float))..], values[i]);
        }

        stream.Write(bytes);
    }

    public static void ReadFloats(Stream stream, float[] values)
    {
        Span<byte> bytes = new byte[values.Length * sizeof(float)];
        stream.ReadExactly(bytes);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        }
    }
}
