using System.Diagnostics;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>When calls were answered, over all callers: the last time, and the longest silence since it was set.</summary>
internal sealed class AnswerClock
{
    private readonly Lock _gate = new();
    private long _last;
    private long _longest;

    public TimeSpan SinceLast => Stopwatch.GetElapsedTime(Volatile.Read(ref _last));

    public TimeSpan LongestSilence
    {
        get
        {
            lock (_gate)
            {
                return Stopwatch.GetElapsedTime(0, Math.Max(_longest, Stopwatch.GetTimestamp() - _last));
            }
        }
    }

    public void Set()
    {
        lock (_gate)
        {
            (_last, _longest) = (Stopwatch.GetTimestamp(), 0);
        }
    }

    public void Answered()
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            (_longest, _last) = (Math.Max(_longest, now - _last), now);
        }
    }
}
