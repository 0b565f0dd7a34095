using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace McpLedger.Gateway.Recording;

/// <summary>
/// Bounds how many refusals of strangers are recorded: a burst a peer, then one a second, and a burst and then 50 a second of all strangers together. What is not recorded is counted, and the next
/// recorded refusal of the same peer says how many went before it, so nothing is lost silently (I2). A peer whose burst is whole again is forgotten
/// when there is no room; what it still had to say is said by another. A peer is an IPv4 address or a /64 of IPv6: that is what one host has to choose from.
/// </summary>
internal sealed class RefusalFlood(TimeProvider time)
{
    private const int Burst = 50;
    private const int AllBurst = 200;
    private const int AllPerSecond = 50;
    private const int MaxPeers = 4096;
    private const int PrefixBytes = 8;
    private const string Others = "others";
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private readonly Bucket _all = new(time.GetTimestamp()) { Tokens = AllBurst };
    private long _lastLook = time.GetTimestamp();

    /// <summary>Whether to record a refusal of this peer.</summary>
    /// <param name="peer">Address of the peer.</param>
    /// <param name="unrecorded">How many of its refusals went unrecorded since the last recorded one.</param>
    public bool TryEnter(string? peer, out long unrecorded)
    {
        var known = KeyOf(peer);
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
            Fill(bucket, Burst, 1);
            unrecorded = bucket.Unrecorded;
            if (bucket.Tokens < 1 || !IsRoomForAny())
            {
                bucket.Unrecorded++;
                return false;
            }

            bucket.Tokens--;
            bucket.Unrecorded = 0;
            return true;
        }
    }

    private static string KeyOf(string? peer)
    {
        if (!IPAddress.TryParse(peer, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return peer ?? Others;
        }

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString() : Convert.ToHexString(address.GetAddressBytes().AsSpan(0, PrefixBytes));
    }

    // However many addresses a stranger has, of all that are refused no more than this goes to the log.
    private bool IsRoomForAny()
    {
        lock (_all)
        {
            Fill(_all, AllBurst, AllPerSecond);
            if (_all.Tokens < 1)
            {
                return false;
            }

            _all.Tokens--;
            return true;
        }
    }

    private void Fill(Bucket bucket, int burst, int perSecond)
    {
        var now = time.GetTimestamp();
        bucket.Tokens = Math.Min(burst, bucket.Tokens + (time.GetElapsedTime(bucket.Last, now).TotalSeconds * perSecond));
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
                Fill(bucket, Burst, 1);
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
