namespace McpLedger.Host.Configuration;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearName
{
    private const int Longest = 64;

    /// <returns>The known name that is at most a third of its letters away; null when none is.</returns>
    public static string? Of(string written, IEnumerable<string> known)
    {
        if (written.Length > Longest)
        {
            return null;
        }

        var best = known.Where(k => k.Length <= Longest).Select(k => (Name: k, Distance: Distance(written, k))).OrderBy(k => k.Distance).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(1, Math.Max(best.Name.Length, written.Length) / 3) ? best.Name : null;
    }

    private static int Distance(string written, string known)
    {
        Span<int> above = stackalloc int[Longest + 1];
        for (var j = 0; j <= known.Length; j++)
        {
            above[j] = j;
        }

        for (var i = 1; i <= written.Length; i++)
        {
            var diagonal = above[0];
            above[0] = i;
            for (var j = 1; j <= known.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(written[i - 1]) == char.ToLowerInvariant(known[j - 1]) ? 0 : 1);
                diagonal = above[j];
                above[j] = Math.Min(replaced, Math.Min(above[j], above[j - 1]) + 1);
            }
        }

        return above[known.Length];
    }
}
