namespace McpLedger.Projections.Folds;

/// <summary>Lists inside views. Everything a view holds is bounded: what is beyond stays in the log and the search index.</summary>
internal static class Bounded
{
    /// <summary>The sorted set with <paramref name="value"/>, unless the value is none; of more than <paramref name="most"/> the last goes, so that what is kept does not depend on what came first.</summary>
    public static IReadOnlyList<string> With(this IReadOnlyList<string> set, string? value, int most)
    {
        if (string.IsNullOrEmpty(value) || Place(set, value) is not { } place || place >= most)
        {
            return set;
        }

        return [.. set.Take(place), value, .. set.Skip(place).Take(most - place - 1)];
    }

    /// <summary>The list with <paramref name="item"/> at its end; the oldest goes when it is full.</summary>
    public static IReadOnlyList<T> Newest<T>(this IReadOnlyList<T> list, T item, int most) => [.. list.Skip(Math.Max(0, list.Count + 1 - most)), item];

    // Where a value belongs in a sorted set; null where it is there. Asked for every event, of sets that hold nearly everything already.
    private static int? Place(IReadOnlyList<string> set, string value)
    {
        var (low, high) = (0, set.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            switch (string.CompareOrdinal(value, set[middle]))
            {
                case 0: return null;
                case < 0: high = middle; break;
                default: low = middle + 1; break;
            }
        }

        return low;
    }

    public static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    public static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
