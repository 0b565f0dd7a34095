using System.Collections.Concurrent;

namespace McpLedger.Gateway.Recording;

/// <summary>
/// Bounds how many refusals of strangers are recorded: a burst a peer, then one a second. What is not recorded is counted, and the next
/// recorded refusal of the same peer says how many went before it, so nothing is lost silently (I2). A peer whose burst is whole again is forgotten
/// when there is no room; what it still had to say is said by another.
/// </summary>
internal sealed class RefusalFlood(TimeProvider time)
{
    private const int Burst = 50;
    private const int MaxPeers = 4096;
    private const string Others = "others";
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private long _lastLook = time.GetTimestamp();

    /// <summary>Whether to record a refusal of this peer.</summary>
    /// <param name="peer">Address of the peer.</param>
    /// <param name="unrecorded">How many of its refusals went unrecorded since the last recorded one.</param>
    public bool TryEnter(string? peer, out long unrecorded)
    {
        var known = peer ?? Others;
        if (!_buckets.TryGetValue(known, out var bucket))
        {
            // Past the bound, peers share one bucket: an attacker with many addresses gets no more than one with few.
            if (_buckets.Count >= MaxPeers)
            {
                ForgetQuiet();
            }

            bucket = _buckets.GetOrAdd(_buckets.Count < MaxPeers ? known : Others, static (_, start) => new(start), time.GetTimestamp());
        }

        lock (bucket)
        {
            Fill(bucket);
            unrecorded = bucket.Unrecorded;
            if (bucket.Tokens < 1)
            {
                bucket.Unrecorded++;
                return false;
            }

            bucket.Tokens--;
            bucket.Unrecorded = 0;
            return true;
        }
    }

    private void Fill(Bucket bucket)
    {
        var now = time.GetTimestamp();
        bucket.Tokens = Math.Min(Burst, bucket.Tokens + time.GetElapsedTime(bucket.Last, now).TotalSeconds);
        bucket.Last = now;
    }

    // Once a second at most: every stranger past the bound comes by here.
    private void ForgetQuiet()
    {
        var last = Volatile.Read(ref _lastLook);
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(last, now) < BetweenLooks || Interlocked.CompareExchange(ref _lastLook, now, last) != last)
        {
            return;
        }

        var others = _buckets.GetOrAdd(Others, static (_, start) => new(start), now);
        foreach (var (peer, bucket) in _buckets)
        {
            var unsaid = 0L;
            lock (bucket)
            {
                Fill(bucket);
                if (bucket == others || bucket.Tokens < Burst || !_buckets.TryRemove(new(peer, bucket)))
                {
                    continue;
                }

                (unsaid, bucket.Unrecorded) = (bucket.Unrecorded, 0);
            }

            lock (others)
            {
                others.Unrecorded += unsaid;
            }
        }
    }

    private sealed class Bucket(long start)
    {
        public double Tokens { get; set; } = Burst;

        public long Last { get; set; } = start;

        public long Unrecorded { get; set; }
    }
}
