using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Training.Data;

/// <summary>
/// Near-copies weigh one together, because seventy copies of one mailbox say no more than one. Two texts are near-copies when their first 160 letters are the same; where figures are counted,
/// also when four fifths of their runs of five words are (<see cref="ShingleSketch"/>), wherever in the text they differ.
/// </summary>
internal static class Clusters
{
    private const int KeyLetters = 160;

    // Of texts that share a band and are no copies of each other, so many are compared: a long row of strangers in one band costs no more than this.
    private const int MostCompared = 64;

    /// <summary>For each text, the number of its cluster; clusters are numbered from zero in order of first sight.</summary>
    public static (int[] Ids, int Count) Of(IReadOnlyList<string> texts)
    {
        var (ids, count) = ByBeginning(texts);
        int[] joined = [.. Enumerable.Range(0, count)];
        var bands = new Dictionary<(int Band, ulong Key), List<(int Cluster, ShingleSketch Sketch)>>();
        var seen = 0;
        for (var i = 0; i < texts.Count; i++)
        {
            // One text stands for those that begin as it does.
            if (ids[i] == seen)
            {
                seen++;
                Join(ShingleSketch.Of(texts[i]), ids[i], bands, joined);
            }
        }

        return Renumbered(ids, joined);
    }

    /// <summary>The same by beginnings alone: what trainings and their calibration weigh with.</summary>
    public static (int[] Ids, int Count) ByBeginning(IReadOnlyList<string> texts)
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
    public static double[] Weights(IReadOnlyList<int> ids)
    {
        var sizes = new int[ids.Count];
        foreach (var id in ids)
        {
            sizes[id]++;
        }

        return [.. ids.Select(id => 1.0 / sizes[id])];
    }

    private static void Join(ShingleSketch sketch, int cluster, Dictionary<(int, ulong), List<(int Cluster, ShingleSketch Sketch)>> bands, int[] joined)
    {
        for (var band = 0; band < ShingleSketch.Bands; band++)
        {
            ref var others = ref CollectionsMarshal.GetValueRefOrAddDefault(bands, (band, sketch.Band(band)), out _);
            others ??= [];
            var isCopy = false;
            foreach (var other in others)
            {
                var (mine, theirs) = (Root(joined, cluster), Root(joined, other.Cluster));
                if (mine == theirs || sketch.IsNear(other.Sketch))
                {
                    joined[Math.Max(mine, theirs)] = Math.Min(mine, theirs);
                    isCopy = true;
                }
            }

            if (!isCopy && others.Count < MostCompared)
            {
                others.Add((cluster, sketch));
            }
        }
    }

    private static int Root(int[] joined, int cluster)
    {
        while (joined[cluster] != cluster)
        {
            cluster = joined[cluster] = joined[joined[cluster]];
        }

        return cluster;
    }

    private static (int[] Ids, int Count) Renumbered(int[] ids, int[] joined)
    {
        Dictionary<int, int> numbers = [];
        return ([.. ids.Select(id => Root(joined, id)).Select(root => numbers.TryGetValue(root, out var number) ? number : numbers[root] = numbers.Count)], numbers.Count);
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
