using System.Diagnostics;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// Notices when this process, and so most likely the machine, stood still: a thread that sleeps for 100 ms and comes back seconds later. What was timed across such a moment
/// tells of the machine and not of what was to be timed.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private readonly Thread _thread;
    private long _ticks;
    private int _count;
    private volatile bool _over;

    public StallWatch()
    {
        _thread = new(Watch) { IsBackground = true, Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>How often it stood still.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>For how long altogether.</summary>
    public TimeSpan Total => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _ticks));

    public void Dispose()
    {
        _over = true;
        _thread.Join();
    }

    private void Watch()
    {
        for (var last = Stopwatch.GetTimestamp(); !_over;)
        {
            Thread.Sleep(Tick);
            var now = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(last, now) > Longest)
            {
                Interlocked.Increment(ref _count);
                Interlocked.Add(ref _ticks, now - last);
            }

            last = now;
        }
    }
}
