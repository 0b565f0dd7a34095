using System.Diagnostics;

namespace McpLedger.Benchmarks.Million;

/// <summary>Gives out the right to make a call, so many a second; faster while everything follows, slower while something lags.</summary>
internal sealed class Pace(double perSecond)
{
    private const double Least = 20;
    private const double Faster = 1.03;
    private const double Slower = 0.85;

    // Further ahead of what is really made it would allow everything, and being slower would mean nothing.
    private const double Ahead = 1.25;
    private readonly Lock _gate = new();
    private long _next = Stopwatch.GetTimestamp();
    private double _perSecond = perSecond;
    private long _adapted = Stopwatch.GetTimestamp();
    private int _turns;

    public double PerSecond => Volatile.Read(ref _perSecond);

    /// <summary>Returns when the next call may be made.</summary>
    public async Task TurnAsync()
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            _turns++;

            // What was not used is not made up for later, but for a moment's worth.
            _next = Math.Max(_next, now - (Stopwatch.Frequency / 20)) + (long)(Stopwatch.Frequency / _perSecond);
            wait = TimeSpan.FromSeconds((_next - now) / (double)Stopwatch.Frequency);
        }

        if (wait > TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(wait);
        }
    }

    public void Adapt(bool follows)
    {
        lock (_gate)
        {
            var made = _turns / Stopwatch.GetElapsedTime(_adapted).TotalSeconds;
            (_turns, _adapted) = (0, Stopwatch.GetTimestamp());
            _perSecond = follows ? Math.Max(_perSecond, Math.Min(_perSecond * Faster, made * Ahead)) : Math.Max(Least, Math.Min(_perSecond, made) * Slower);
        }
    }
}
