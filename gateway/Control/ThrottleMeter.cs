namespace McpLedger.Gateway.Control;

/// <summary>Counts what passes under throttles: a bucket for each, which a minute fills.</summary>
internal sealed class ThrottleMeter(TimeProvider time)
{
    private const int MaxBuckets = 10_000;
    private readonly Dictionary<RestraintScope, Bucket> _buckets = [];
    private readonly Lock _gate = new();

    /// <summary>Takes one call out of the throttle's bucket; false when it is empty.</summary>
    public bool TryPass(Restraint throttle)
    {
        var perMinute = throttle.PerMinute ?? 0;
        var now = time.GetTimestamp();
        lock (_gate)
        {
            if (!_buckets.TryGetValue(throttle.Scope, out var bucket))
            {
                if (_buckets.Count >= MaxBuckets)
                {
                    _buckets.Clear();
                }

                bucket = new(perMinute, now);
            }

            var left = Math.Min(perMinute, bucket.Left + (perMinute * time.GetElapsedTime(bucket.At, now).TotalMinutes));
            var passes = left >= 1;
            _buckets[throttle.Scope] = new(passes ? left - 1 : left, now);
            return passes;
        }
    }

    private readonly record struct Bucket(double Left, long At);
}
