using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tools;

/// <summary>What came of filtering a <c>tools/list</c> answer.</summary>
/// <param name="Message">The message to send: the very bytes that came in when nothing had to change.</param>
/// <param name="Hidden">Names of the tools taken out.</param>
/// <param name="IsChanged">True when <see cref="Message"/> differs from what came in.</param>
public sealed record FilteredTools(ReadOnlyMemory<byte> Message, IReadOnlyList<string> Hidden, bool IsChanged);

/// <summary>Takes tools out of a <c>tools/list</c> answer and leaves every other byte as it was (I5).</summary>
public static class ToolListFilter
{
    /// <summary>Filters one answer.</summary>
    /// <param name="message">The response that the strict reader read.</param>
    /// <param name="limits">The wire's limits.</param>
    /// <param name="isPerCaller">
    /// True when another caller may be shown another list: then a <c>cacheScope</c> of <c>public</c> becomes <c>private</c> even if nothing was hidden from this one
    /// (2026-07-28, Caching: a public answer may be served to anybody).
    /// </param>
    /// <param name="isShown">Whether the caller may see the tool of that name.</param>
    /// <returns>Null when the list can't be read, so that nobody can say what it would show. A tool without a readable name is hidden.</returns>
    public static FilteredTools? Apply(in McpMessage message, McpLimits limits, bool isPerCaller, Predicate<string> isShown)
    {
        var items = new List<ToolItem>();
        if (message.Result.IsEmpty || !ToolListScan.Read(message.Result, limits, items, out var cacheScope))
        {
            return null;
        }

        var edits = new List<Edit>();
        var hidden = new List<string>();
        var first = items.FindIndex(item => IsShown(item, isShown));
        for (var i = 0; i < items.Count; i++)
        {
            if (!IsShown(items[i], isShown))
            {
                hidden.Add(items[i].Name ?? "");
                edits.Add(first < 0 || i < first ? UpToNext(items, i) : new(EndOf(items[i - 1]), EndOf(items[i]), default));
            }
        }

        if ((isPerCaller || hidden.Count > 0) && cacheScope.Of(message.Result.Span).SequenceEqual("\"public\""u8))
        {
            edits.Add(new(cacheScope.Start, cacheScope.Start + cacheScope.Length, "\"private\""u8.ToArray()));
        }

        return edits.Count == 0 ? new(message.Raw, [], IsChanged: false) : new(Splice(message, edits), hidden, IsChanged: true);
    }

    private static bool IsShown(ToolItem item, Predicate<string> isShown) => item.Name is { } name && isShown(name);

    /// <summary>A tool before the first that stays goes with the comma after it; the last of a list that becomes empty goes alone.</summary>
    private static Edit UpToNext(List<ToolItem> items, int index) =>
        new(items[index].Whole.Start, index + 1 < items.Count ? items[index + 1].Whole.Start : EndOf(items[index]), default);

    private static int EndOf(ToolItem item) => item.Whole.Start + item.Whole.Length;

    private static byte[] Splice(in McpMessage message, List<Edit> edits)
    {
        edits.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        var shift = message.ResultStart;
        var raw = message.Raw.Span;
        var spliced = new byte[raw.Length + edits.Sum(edit => edit.By.Length - (edit.End - edit.Start))];
        var (from, to) = (0, 0);
        foreach (var edit in edits)
        {
            raw[from..(edit.Start + shift)].CopyTo(spliced.AsSpan(to));
            to += edit.Start + shift - from;
            edit.By.Span.CopyTo(spliced.AsSpan(to));
            to += edit.By.Length;
            from = edit.End + shift;
        }

        raw[from..].CopyTo(spliced.AsSpan(to));
        return spliced;
    }

    /// <summary>Replaces bytes of the result.</summary>
    private readonly record struct Edit(int Start, int End, ReadOnlyMemory<byte> By);
}
