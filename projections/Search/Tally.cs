using System.Runtime.InteropServices;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search;

/// <summary>Counts values per facet and moments per bucket.</summary>
internal sealed class Tally
{
    /// <summary>Most values of a facet.</summary>
    public const int MostValues = 20;

    private const int MostBuckets = 60;

    private const long Second = 1_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private static readonly long[] Intervals =
        [Second, 5 * Second, 10 * Second, 30 * Second, Minute, 5 * Minute, 10 * Minute, 30 * Minute, Hour, 3 * Hour, 6 * Hour, 12 * Hour, 24 * Hour, 7 * 24 * Hour, 30 * 24 * Hour];

    /// <summary>The fields that are counted, in the order in which values are given.</summary>
    public static IReadOnlyList<SearchField> Fields { get; } =
        [FieldCatalog.Type, FieldCatalog.Server, FieldCatalog.Tool, FieldCatalog.Principal, FieldCatalog.Verdict, FieldCatalog.Outcome];

    private readonly Dictionary<string, long>[] _values = [.. Fields.Select(_ => new Dictionary<string, long>(StringComparer.Ordinal))];
    private readonly Dictionary<long, long> _moments = [];

    public long Total { get; private set; }

    /// <summary>Width of the buckets over a span, both in microseconds; at least <paramref name="narrowest"/>.</summary>
    public static long IntervalOf(long span, long narrowest) =>
        Intervals.FirstOrDefault(i => i >= narrowest && span / i < MostBuckets, ((span / MostBuckets / Intervals[^1]) + 1) * Intervals[^1]);

    public void Count(int field, string? value, long times)
    {
        if (!string.IsNullOrEmpty(value))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_values[field], value, out _) += times;
        }
    }

    public void Count(long micros, long times)
    {
        Total += times;
        CollectionsMarshal.GetValueRefOrAddDefault(_moments, micros, out _) += times;
    }

    public SearchSummary Summary(string basis, long narrowest) => new(Total, basis, Facets(), Histogram(narrowest));

    private Facet[] Facets() =>
        [.. _values.Select((counts, i) => new Facet(
            Fields[i].Name,
            [.. counts.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal).Take(MostValues).Select(p => new FacetValue(p.Key, p.Value))]))];

    private TimeHistogram Histogram(long narrowest)
    {
        if (_moments.Count == 0)
        {
            return new(narrowest, []);
        }

        var span = _moments.Keys.Max() - _moments.Keys.Min();
        var interval = IntervalOf(span, narrowest);
        var buckets = new SortedDictionary<long, long>();
        foreach (var (micros, count) in _moments)
        {
            var start = micros / interval * interval;
            buckets[start] = buckets.GetValueOrDefault(start) + count;
        }

        return new(interval, [.. buckets.Select(b => new TimeBucket(DateTimeOffset.UnixEpoch.AddMicroseconds(b.Key), b.Value))]);
    }
}
