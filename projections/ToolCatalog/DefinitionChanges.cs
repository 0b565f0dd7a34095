namespace McpLedger.Projections.ToolCatalog;

/// <summary>How much of a change is kept in a view: a server makes definitions as long, and changes them as often, as it likes. The event holds the whole.</summary>
internal static class DefinitionChanges
{
    private const string Ellipsis = "…";

    // Of the newest change as much as somebody reads before approving it; of those before it as much as tells what it was about.
    private static readonly Share Newest = new(Changes: 100, Characters: 64 * 1024, Longest: 16 * 1024, LongestPath: 512);
    private static readonly Share Older = new(Changes: 16, Characters: 2 * 1024, Longest: 512, LongestPath: 128);

    /// <summary>The newest step with as much as is kept of it.</summary>
    public static DefinitionStep Kept(DefinitionStep step) => Kept(step, Newest);

    /// <summary>The history, to which another change is added.</summary>
    public static IReadOnlyList<DefinitionStep> Shortened(IReadOnlyList<DefinitionStep> history) => [.. history.Select(step => Kept(step, Older))];

    private static DefinitionStep Kept(DefinitionStep step, Share share)
    {
        var (kept, left) = (new List<DefinitionChange>(), share.Characters);
        foreach (var change in step.Changes.Take(share.Changes))
        {
            var cut = Cut(change, share);
            left -= cut.Path.Length + (cut.Before?.Length ?? 0) + (cut.After?.Length ?? 0);
            if (left < 0)
            {
                break;
            }

            kept.Add(cut);
        }

        return step with { Changes = kept, Left = step.Left + step.Changes.Count - kept.Count };
    }

    private static DefinitionChange Cut(DefinitionChange change, Share share)
    {
        var from = Difference(change.Before, change.After);
        var cut = change with { Path = Window(change.Path, 0, share.LongestPath), Before = Around(change.Before), After = Around(change.After) };
        return cut == change ? change : cut with { Cut = true };

        string? Around(string? text) => text is null ? null : Window(text, from - (share.Longest / 4), share.Longest);
    }

    private static int Difference(string? before, string? after) => before is null || after is null ? 0 : before.AsSpan().CommonPrefixLength(after);

    private static string Window(string text, int from, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        var begin = Whole(text, Math.Clamp(from, 0, text.Length - length));
        var end = Whole(text, begin + length);
        return $"{(begin > 0 ? Ellipsis : "")}{text[begin..end]}{(end < text.Length ? Ellipsis : "")}";
    }

    // Half a character is none when it is written down.
    private static int Whole(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;

    private readonly record struct Share(int Changes, int Characters, int Longest, int LongestPath);
}
