namespace McpLedger.Projections.Folds;

/// <summary>Lists inside views. Everything a view holds is bounded: what is beyond stays in the log and the search index.</summary>
internal static class Bounded
{
    /// <summary>The sorted set with <paramref name="value"/>, unless the value is none; of more than <paramref name="most"/> the last goes, so that what is kept does not depend on what came first.</summary>
    public static IReadOnlyList<string> With(this IReadOnlyList<string> set, string? value, int most)
    {
        if (string.IsNullOrEmpty(value) || set.Contains(value, StringComparer.Ordinal) || (set.Count >= most && string.CompareOrdinal(value, set[^1]) > 0))
        {
            return set;
        }

        return [.. set.Append(value).Order(StringComparer.Ordinal).Take(most)];
    }

    /// <summary>The list with <paramref name="item"/> at its end; the oldest goes when it is full.</summary>
    public static IReadOnlyList<T> Newest<T>(this IReadOnlyList<T> list, T item, int most) => [.. list.Skip(Math.Max(0, list.Count + 1 - most)), item];

    public static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    public static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
