namespace McpLedger.Detectors.Injection;

/// <summary>How surprising the shape of each block of tokens is, summed up so that a window costs the same however long it is.</summary>
internal sealed class ShapeScan
{
    /// <summary>Numbers that a window has: its mean surprise, that of its strangest two blocks, that of the text around it, and its symbols a token.</summary>
    public const int Inputs = 4;

    // A handful of symbols is too little to call strange.
    private const float FewestSymbols = 12;

    private readonly float[] _surprise = new float[WindowScan.MaxBlocks + 1];
    private readonly int[] _symbols = new int[WindowScan.MaxBlocks + 1];
    private int _blocks;

    /// <summary>Reads the slice that its tokens were read from.</summary>
    /// <param name="text">Normalised text.</param>
    /// <param name="from">Where the slice begins.</param>
    /// <param name="to">Where it ends, exclusive.</param>
    /// <param name="stops">Where each of its tokens ends.</param>
    /// <param name="shapes">What is usual.</param>
    public void Read(ReadOnlySpan<char> text, int from, int to, ReadOnlySpan<int> stops, KnownShapes shapes)
    {
        _blocks = (stops.Length + WindowScan.BlockTokens - 1) / WindowScan.BlockTokens;
        _surprise.AsSpan(0, _blocks + 1).Clear();
        _symbols.AsSpan(0, _blocks + 1).Clear();
        var reader = new ShapeReader(text, from, to);
        var token = 0;
        while (_blocks > 0 && reader.Next())
        {
            while (token < stops.Length - 1 && stops[token] < reader.Stop)
            {
                token++;
            }

            var block = (token / WindowScan.BlockTokens) + 1;
            _surprise[block] += shapes.Surprise(reader.History);
            _symbols[block]++;
        }

        for (var block = 1; block <= _blocks; block++)
        {
            _surprise[block] += _surprise[block - 1];
            _symbols[block] += _symbols[block - 1];
        }
    }

    /// <summary>Writes what the blocks from <paramref name="first"/> up to <paramref name="end"/> have, halved so that it is about one where a text is ordinary.</summary>
    public void Write(int first, int end, Span<float> inputs)
    {
        var peak = Mean(first, Math.Min(first + 2, end));
        for (var block = first + 1; block + 2 <= end; block++)
        {
            peak = Math.Max(peak, Mean(block, block + 2));
        }

        var (surprise, symbols) = (_surprise[end] - _surprise[first], _symbols[end] - _symbols[first]);
        inputs[0] = Mean(first, end) / 2;
        inputs[1] = peak / 2;
        inputs[2] = (_surprise[_blocks] - surprise) / Math.Max(FewestSymbols, _symbols[_blocks] - symbols) / 2;
        inputs[3] = symbols / (float)((end - first) * WindowScan.BlockTokens);
    }

    private float Mean(int first, int end) => (_surprise[end] - _surprise[first]) / Math.Max(FewestSymbols, _symbols[end] - _symbols[first]);
}
