using System.Diagnostics;

namespace McpLedger.Benchmarks.Load;

/// <summary>Every latency of one connection, in timestamp ticks.</summary>
internal sealed class Latencies
{
    private uint[] _ticks = new uint[4096];

    public int Count { get; private set; }

    public void Add(long ticks)
    {
        if (Count == _ticks.Length)
        {
            Array.Resize(ref _ticks, Count * 2);
        }

        _ticks[Count++] = (uint)Math.Min(ticks, uint.MaxValue);
    }

    /// <summary>The value that a part of all lies below; not a number where there is none.</summary>
    public static double At(double[] sorted, double part) => sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))];

    /// <summary>All latencies of several connections, sorted, in milliseconds.</summary>
    public static double[] Merge(IEnumerable<Latencies> parts)
    {
        var perMillisecond = Stopwatch.Frequency / 1000.0;
        double[] all = [.. parts.SelectMany(part => part._ticks.Take(part.Count)).Select(ticks => ticks / perMillisecond)];
        Array.Sort(all);
        return all;
    }
}
