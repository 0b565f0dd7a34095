using System.Collections.Concurrent;

namespace McpLedger.Gateway.Recording;

/// <summary>
/// Bounds how many refusals of strangers are recorded: a burst a peer, then one a second. What is not recorded is counted, and the next
/// recorded refusal of the same peer says how many went before it, so nothing is lost silently (I2).
/// </summary>
internal sealed class RefusalFlood(TimeProvider time)
{
    private const int Burst = 50;
    private const int MaxPeers = 4096;
    private const string Others = "others";
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);

    /// <summary>Whether to record a refusal of this peer.</summary>
    /// <param name="peer">Address of the peer.</param>
    /// <param name="unrecorded">How many of its refusals went unrecorded since the last recorded one.</param>
    public bool TryEnter(string? peer, out long unrecorded)
    {
        var known = peer ?? Others;
        if (!_buckets.TryGetValue(known, out var bucket))
        {
            // Past the bound, peers share one bucket: an attacker with many addresses gets no more than one with few.
            bucket = _buckets.GetOrAdd(_buckets.Count < MaxPeers ? known : Others, static (_, start) => new(start), time.GetTimestamp());
        }

        lock (bucket)
        {
            var now = time.GetTimestamp();
            bucket.Tokens = Math.Min(Burst, bucket.Tokens + time.GetElapsedTime(bucket.Last, now).TotalSeconds);
            bucket.Last = now;
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

    private sealed class Bucket(long start)
    {
        public double Tokens { get; set; } = Burst;

        public long Last { get; set; } = start;

        public long Unrecorded { get; set; }
    }
}
