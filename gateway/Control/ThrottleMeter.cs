namespace McpLedger.Gateway.Control;

/// <summary>Counts what passes under throttles: a bucket for each, which a minute fills.</summary>
internal sealed class ThrottleMeter(TimeProvider time)
{
    private const int MaxBuckets = 10_000;
    private readonly Dictionary<RestraintScope, Bucket> _buckets = [];
    private readonly Lock _gate = new();

    /// <summary>Takes one call out of the bucket of every throttle; out of none when one of them is empty.</summary>
    /// <returns>The first whose bucket is empty; null when the call passes.</returns>
    public Restraint? Pass(IReadOnlyList<Restraint> throttles)
    {
        if (throttles.Count == 0)
        {
            return null;
        }

        var now = time.GetTimestamp();
        lock (_gate)
        {
            var empty = throttles.FirstOrDefault(throttle => LeftOf(throttle, now) < 1);
            if (empty is null)
            {
                foreach (var throttle in throttles)
                {
                    _buckets[throttle.Scope] = new(LeftOf(throttle, now) - 1, now);
                }
            }

            return empty;
        }
    }

    private double LeftOf(Restraint throttle, long now)
    {
        var perMinute = throttle.PerMinute ?? 0;
        if (!_buckets.TryGetValue(throttle.Scope, out var bucket))
        {
            if (_buckets.Count >= MaxBuckets)
            {
                _buckets.Clear();
            }

            _buckets[throttle.Scope] = bucket = new(perMinute, now);
        }

        return Math.Min(perMinute, bucket.Left + (perMinute * time.GetElapsedTime(bucket.At, now).TotalMinutes));
    }

    private readonly record struct Bucket(double Left, long At);
}
