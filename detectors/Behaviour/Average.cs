namespace McpLedger.Detectors.Behaviour;

/// <summary>Mean and spread of a stream, the past fading: one step is O(1) and needs no history.</summary>
internal record struct Average(double Fade)
{
    private double _mean;
    private double _square;

    public int Count { get; private set; }

    public readonly double Mean => _mean;

    /// <summary>Standard deviation; at least a twentieth, so that a steady stream does not make everything unusual.</summary>
    public readonly double Spread => Math.Max(0.05, Math.Sqrt(Math.Max(0, _square)));

    /// <summary>How many standard deviations a value lies above the mean; zero before <paramref name="enough"/> values were seen.</summary>
    public readonly double Above(double value, int enough) => Count < enough ? 0 : (value - _mean) / Spread;

    public void Add(double value)
    {
        Count = Math.Min(Count + 1, int.MaxValue - 1);
        var step = Math.Max(Fade, 1.0 / Count);
        var difference = value - _mean;
        _mean += step * difference;
        _square += step * ((difference * (value - _mean)) - _square);
    }
}
