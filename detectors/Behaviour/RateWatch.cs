namespace McpLedger.Detectors.Behaviour;

/// <summary>Tells a burst: calls that come much faster than this agent's calls do (Page's sum over the logarithm of the time between them), and fast by any measure.</summary>
internal sealed class RateWatch
{
    /// <summary>Sum from which it is a burst, in standard deviations.</summary>
    public const double Alarm = 8;

    /// <summary>Calls a second below which nothing is a burst.</summary>
    public const double Fast = 2;

    private const double Slack = 0.5;
    private const int Enough = 20;
    private const int Window = 20;
    private readonly long[] _ticks = new long[Window];
    private int _count;

    /// <summary>Page's sum.</summary>
    public double Sum { get; private set; }

    /// <summary>Calls a second over the last twenty.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Moves on by a call.</summary>
    /// <param name="at">When it was made.</param>
    /// <param name="habit">The agent's usual logarithm of seconds between calls; moved on too.</param>
    public bool OnCall(DateTimeOffset at, ref Average habit)
    {
        var oldest = _ticks[_count % Window];
        var previous = _ticks[(_count + Window - 1) % Window];

        // What is handed over late says nothing about the pace of now.
        if (at.UtcTicks < previous)
        {
            return false;
        }

        _ticks[_count % Window] = at.UtcTicks;
        _count++;
        PerSecond = oldest == 0 ? 0 : Window / Math.Max(0.001, new TimeSpan(at.UtcTicks - oldest).TotalSeconds);
        if (previous == 0)
        {
            return false;
        }

        var gap = Math.Log(Math.Max(0.001, new TimeSpan(at.UtcTicks - previous).TotalSeconds));
        Sum = Math.Clamp(Sum - habit.Above(gap, Enough) - Slack, 0, 1000);
        habit.Add(gap);
        return Sum > Alarm && PerSecond > Fast;
    }
}
