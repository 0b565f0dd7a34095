namespace McpLedger.Detectors.Training.Data;

/// <summary>
/// Near-copies: texts whose first 160 letters are the same. They weigh one together wherever something is counted or trained,
/// because seventy copies of one mailbox say no more than one.
/// </summary>
internal static class Clusters
{
    private const int KeyLetters = 160;

    /// <summary>For each text, the number of its cluster; clusters are numbered from zero in order of first sight.</summary>
    public static (int[] Ids, int Count) Of(IReadOnlyList<string> texts)
    {
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        var ids = new int[texts.Count];
        for (var i = 0; i < texts.Count; i++)
        {
            var key = Key(texts[i]);
            if (!seen.TryGetValue(key, out ids[i]))
            {
                seen[key] = ids[i] = seen.Count;
            }
        }

        return (ids, seen.Count);
    }

    /// <summary>For each text, one over the size of its cluster.</summary>
    public static double[] Weights(IReadOnlyList<string> texts)
    {
        var (ids, count) = Of(texts);
        var sizes = new int[count];
        foreach (var id in ids)
        {
            sizes[id]++;
        }

        return [.. ids.Select(id => 1.0 / sizes[id])];
    }

    private static string Key(string text)
    {
        Span<char> letters = new char[KeyLetters];
        var count = 0;
        foreach (var c in text)
        {
            if (char.IsLetter(c))
            {
                letters[count++] = char.ToLowerInvariant(c);
                if (count == KeyLetters)
                {
                    break;
                }
            }
        }

        return count == 0 ? text : new(letters[..count]);
    }
}
