using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace McpLedger.Detectors.Injection;

/// <summary>A run of tokens and its logit.</summary>
/// <param name="First">Its first token.</param>
/// <param name="End">The token after its last.</param>
/// <param name="Logit">What the scorer makes of it.</param>
internal readonly record struct ScoredWindow(int First, int End, float Logit);

/// <summary>
/// The windows of one slice: 24 and 72 tokens, every 6 and every 18. Vectors are pooled by blocks of 6 tokens first, so that a token's vector is read once however many windows hold it.
/// </summary>
internal sealed class WindowScan
{
    public const int BlockTokens = 6;
    public const int SmallBlocks = 4;
    public const int LargeBlocks = 12;
    private const int LargeStride = 3;
    public const int MaxBlocks = (TokenFeatures.MaxTokens + BlockTokens - 1) / BlockTokens;
    private const int MaxWindows = MaxBlocks + (MaxBlocks / LargeStride) + 2;
    private const int Dimensions = WordVectors.Dimensions;

    private readonly short[] _sums = new short[MaxBlocks * Dimensions];
    private readonly sbyte[] _peaks = new sbyte[MaxBlocks * Dimensions];
    private readonly int[] _known = new int[MaxBlocks];
    private readonly double[] _wide = new double[MaxBlocks + 1];
    private readonly float[] _around = new float[Dimensions];
    private readonly float[] _pooled = new float[WideDeepWeights.WindowInputs];
    private readonly int[] _signs = new int[(MaxBlocks + 1) * TokenSigns.Count];
    private readonly float[] _surround = new float[MaxHidden];
    private readonly float[] _activated = new float[MaxHidden];
    private readonly ScoredWindow[] _windows = new ScoredWindow[MaxWindows];
    private readonly ShapeScan _shapes = new();
    private (int From, int To) _slice;

    /// <summary>Hidden units that a scorer may have.</summary>
    public const int MaxHidden = 128;

    public TokenFeatures Tokens { get; } = new();

    public int Blocks { get; private set; }

    public ReadOnlySpan<ScoredWindow> Windows => _windows.AsSpan(0, WindowCount);

    private int WindowCount { get; set; }

    /// <summary>Reads a slice of the text from <paramref name="from"/> on, pools its vectors, and returns where the slice ends.</summary>
    public int Read(ReadOnlySpan<char> text, int from, Vocabulary vocabulary)
    {
        var stopped = Tokens.Read(text, from, vocabulary);
        _slice = (from, stopped);
        Blocks = (Tokens.Count + BlockTokens - 1) / BlockTokens;
        var rows = Tokens.Rows;
        for (var block = 0; block < Blocks; block++)
        {
            PoolBlock(rows[(block * BlockTokens)..Math.Min((block + 1) * BlockTokens, rows.Length)], block, vocabulary.Vectors);
        }

        CountSigns();
        PoolWindow(0, Blocks, _pooled);
        _pooled.AsSpan(0, Dimensions).CopyTo(_around);
        return stopped;
    }

    /// <summary>Scores every window with these weights.</summary>
    public void Score(WideDeepWeights weights)
    {
        SumWide(weights);
        weights.Surround(_around, _surround);
        Cut();
        foreach (ref var window in _windows.AsSpan(0, WindowCount))
        {
            window = window with { Logit = Logit(weights, window) };
        }
    }

    /// <summary>Cuts the slice into windows that nobody has scored.</summary>
    public void Cut()
    {
        WindowCount = 0;
        if (Blocks <= LargeBlocks)
        {
            Add(0, Blocks);
        }
        else
        {
            AddEvery(LargeBlocks, LargeStride);
        }

        if (Blocks > SmallBlocks)
        {
            AddEvery(SmallBlocks, 1);
        }
    }

    public ScoredWindow Best()
    {
        var best = new ScoredWindow(0, 0, float.NegativeInfinity);
        foreach (var window in Windows)
        {
            best = window.Logit > best.Logit ? window : best;
        }

        return best;
    }

    /// <summary>The highest logit of odd tokens over the windows, once <see cref="ReadShapes"/> has read the slice.</summary>
    public float Odd(OddTokenWeights weights)
    {
        Span<float> inputs = stackalloc float[OddTokenWeights.Inputs];
        var highest = float.NegativeInfinity;
        foreach (var window in Windows)
        {
            OddInputs(window, inputs);
            highest = Math.Max(highest, weights.Logit(inputs));
        }

        return highest;
    }

    /// <summary>Reads the shape of the slice that was read last.</summary>
    /// <param name="text">The same text.</param>
    /// <param name="shapes">What is usual.</param>
    public void ReadShapes(ReadOnlySpan<char> text, KnownShapes shapes) => _shapes.Read(text, _slice.From, _slice.To, Tokens.Stops, shapes);

    /// <summary>How odd a window is, as <see cref="OddTokenWeights"/> reads it.</summary>
    public void OddInputs(ScoredWindow window, Span<float> inputs)
    {
        var (first, end) = (window.First / BlockTokens, (window.End + BlockTokens - 1) / BlockTokens);
        WriteSigns(first, end, inputs[..WideDeepWeights.SignInputs]);
        _shapes.Write(first, end, inputs[WideDeepWeights.SignInputs..]);
    }

    /// <summary>The network's inputs for a window: mean, maximum, surrounding mean.</summary>
    public void Inputs(int firstBlock, int endBlock, Span<float> inputs)
    {
        PoolWindow(firstBlock, endBlock, inputs);
        _around.CopyTo(inputs[WideDeepWeights.WindowInputs..]);
    }

    private void AddEvery(int length, int stride)
    {
        for (var first = 0; ; first += stride)
        {
            var end = Math.Min(first + length, Blocks);
            Add(first, end);
            if (end == Blocks)
            {
                return;
            }
        }
    }

    private void Add(int firstBlock, int endBlock) => _windows[WindowCount++] = new(firstBlock * BlockTokens, Math.Min(endBlock * BlockTokens, Tokens.Count), float.NegativeInfinity);

    private float Logit(WideDeepWeights weights, ScoredWindow window)
    {
        var (firstBlock, endBlock) = (window.First / BlockTokens, (window.End + BlockTokens - 1) / BlockTokens);
        var features = Tokens.Ends[window.End] - Tokens.Ends[window.First];
        var logit = weights.Bias + (float)((_wide[endBlock] - _wide[firstBlock]) / Math.Sqrt(Math.Max(1, features)));
        PoolWindow(firstBlock, endBlock, _pooled);
        return logit + weights.DeepLogit(_pooled, _surround, _activated);
    }

    private void SumWide(WideDeepWeights weights)
    {
        var wide = weights.Wide;
        var total = 0d;
        _wide[0] = 0;
        for (var block = 0; block < Blocks; block++)
        {
            foreach (var bucket in Tokens.Between(block * BlockTokens, Math.Min((block + 1) * BlockTokens, Tokens.Count)))
            {
                total += wide[bucket];
            }

            _wide[block + 1] = total;
        }
    }

    private void PoolBlock(ReadOnlySpan<int> rows, int block, WordVectors vectors)
    {
        var sums = _sums.AsSpan(block * Dimensions, Dimensions);
        var peaks = _peaks.AsSpan(block * Dimensions, Dimensions);
        sums.Clear();
        peaks.Clear();
        var known = 0;
        foreach (var row in rows)
        {
            if (row == 0)
            {
                continue;
            }

            known++;
            var vector = vectors.Row(row);
            for (var d = 0; d < Dimensions; d += Vector256<sbyte>.Count)
            {
                var bytes = Vector256.Create(vector.Slice(d, Vector256<sbyte>.Count));
                Vector256.Max(bytes, Vector256.Create(peaks.Slice(d, Vector256<sbyte>.Count))).CopyTo(peaks[d..]);
                var (low, high) = Vector256.Widen(bytes);
                (low + Vector256.Create(sums.Slice(d, Vector256<short>.Count))).CopyTo(sums[d..]);
                (high + Vector256.Create(sums.Slice(d + Vector256<short>.Count, Vector256<short>.Count))).CopyTo(sums[(d + Vector256<short>.Count)..]);
            }
        }

        _known[block] = known;
    }

    // Twelve blocks of six bytes each stay within 16 bits; the whole slice does not, so it is summed as floats.
    private void PoolWindow(int firstBlock, int endBlock, Span<float> pooled)
    {
        var mean = pooled[..Dimensions];
        var peak = pooled[Dimensions..(2 * Dimensions)];
        var known = 0;
        for (var block = firstBlock; block < endBlock; block++)
        {
            known += _known[block];
        }

        WriteSigns(firstBlock, endBlock, pooled.Slice(2 * Dimensions, WideDeepWeights.SignInputs));
        var scale = WordVectors.Range / 127f;
        var share = known == 0 ? 0 : 2 * scale / known;
        if (endBlock - firstBlock > LargeBlocks)
        {
            PoolLong(firstBlock, endBlock, share, mean);
            peak.Clear();
            return;
        }

        for (var d = 0; d < Dimensions; d += Vector256<short>.Count)
        {
            var sum = Vector256<short>.Zero;
            for (var block = firstBlock; block < endBlock; block++)
            {
                sum += Vector256.Create(_sums.AsSpan((block * Dimensions) + d, Vector256<short>.Count));
            }

            var (low, high) = Vector256.Widen(sum);
            (Vector256.ConvertToSingle(low) * share).CopyTo(mean[d..]);
            (Vector256.ConvertToSingle(high) * share).CopyTo(mean[(d + Vector256<int>.Count)..]);
        }

        for (var d = 0; d < Dimensions; d += Vector256<sbyte>.Count)
        {
            var highest = Vector256<sbyte>.Zero;
            for (var block = firstBlock; block < endBlock; block++)
            {
                highest = Vector256.Max(highest, Vector256.Create(_peaks.AsSpan((block * Dimensions) + d, Vector256<sbyte>.Count)));
            }

            var (low, high) = Vector256.Widen(highest);
            WriteScaled(low, scale, peak[d..]);
            WriteScaled(high, scale, peak[(d + Vector256<short>.Count)..]);
        }
    }

    private void CountSigns()
    {
        var signs = Tokens.Signs;
        _signs.AsSpan(0, TokenSigns.Count).Clear();
        for (var block = 0; block < Blocks; block++)
        {
            var before = _signs.AsSpan(block * TokenSigns.Count, TokenSigns.Count);
            var after = _signs.AsSpan((block + 1) * TokenSigns.Count, TokenSigns.Count);
            before.CopyTo(after);
            foreach (var sign in signs[(block * BlockTokens)..Math.Min((block + 1) * BlockTokens, signs.Length)])
            {
                for (var bit = 0; bit < TokenSigns.Count; bit++)
                {
                    after[bit] += (sign >> bit) & 1;
                }
            }
        }
    }

    private void WriteSigns(int firstBlock, int endBlock, Span<float> shares)
    {
        var tokens = Math.Max(1, Math.Min(endBlock * BlockTokens, Tokens.Count) - (firstBlock * BlockTokens));
        for (var bit = 0; bit < TokenSigns.Count; bit++)
        {
            shares[bit] = 2f * (_signs[(endBlock * TokenSigns.Count) + bit] - _signs[(firstBlock * TokenSigns.Count) + bit]) / tokens;
        }

        shares[TokenSigns.Count] = tokens / (float)(LargeBlocks * BlockTokens);
        shares[(TokenSigns.Count + 1)..].Clear();
    }

    private static void WriteScaled(Vector256<short> values, float scale, Span<float> to)
    {
        var (low, high) = Vector256.Widen(values);
        (Vector256.ConvertToSingle(low) * scale).CopyTo(to);
        (Vector256.ConvertToSingle(high) * scale).CopyTo(to[Vector256<float>.Count..]);
    }

    private void PoolLong(int firstBlock, int endBlock, float share, Span<float> mean)
    {
        mean.Clear();
        for (var block = firstBlock; block < endBlock; block++)
        {
            var sums = MemoryMarshal.CreateReadOnlySpan(ref _sums[block * Dimensions], Dimensions);
            for (var d = 0; d < Dimensions; d++)
            {
                mean[d] += sums[d];
            }
        }

        for (var d = 0; d < Dimensions; d++)
        {
            mean[d] *= share;
        }
    }
}
