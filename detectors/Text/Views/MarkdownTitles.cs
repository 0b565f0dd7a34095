namespace McpLedger.Detectors.Text.Views;

/// <summary>Finds text in Markdown that is not shown: titles of links, descriptions of images, reference definitions and the comments made of them.</summary>
internal static class MarkdownTitles
{
    private const int Longest = 2048;
    private const int LongestName = 200;
    private const int Shortest = 12;

    public static void Find(MappedText text, int depth, ViewShelf shelf)
    {
        var chars = text.Chars;
        var at = 0;
        while (chars[at..].IndexOf(']') is >= 0 and var found)
        {
            var close = at + found;
            at = close + 1;
            if (at + 2 >= chars.Length || chars[at] is not ('(' or ':'))
            {
                continue;
            }

            var window = chars[at..Math.Min(chars.Length, at + Longest)];
            if (chars[at] == '(')
            {
                Image(text, close, depth, shelf);
                Title(text, at, window[..(window.IndexOf('\n') is >= 0 and var line ? line : window.Length)], depth, shelf);
            }
            else if (IsDefinition(chars, close))
            {
                Title(text, at, window[..(window.IndexOf('\n') is >= 0 and var line ? line : window.Length)], depth, shelf);
            }
        }
    }

    /// <summary>The first quoted text, or what stands in parentheses after a definition's address.</summary>
    private static void Title(MappedText text, int at, ReadOnlySpan<char> line, int depth, ViewShelf shelf)
    {
        var open = line.IndexOfAny("\"'");
        if (open <= 0 || line[open - 1] is not (' ' or '('))
        {
            open = line[0] == ':' ? line.IndexOf('(') : -1;
            if (open < 0)
            {
                return;
            }
        }

        var end = line[(open + 1)..].LastIndexOf(line[open] == '(' ? ')' : line[open]);
        if (end >= Shortest)
        {
            Keep(text, at + open + 1, end, depth, shelf);
        }
    }

    private static void Image(MappedText text, int close, int depth, ViewShelf shelf)
    {
        var before = text.Chars[Math.Max(0, close - Longest)..close];
        var open = before.LastIndexOf("![");
        if (open >= 0 && before.Length - open - 2 >= Shortest && !before[(open + 2)..].ContainsAny("[]\n"))
        {
            Keep(text, close - (before.Length - open - 2), before.Length - open - 2, depth, shelf);
        }
    }

    private static bool IsDefinition(ReadOnlySpan<char> chars, int close)
    {
        var before = chars[Math.Max(0, close - LongestName)..close];
        var line = before[(before.LastIndexOf('\n') + 1)..].TrimStart();
        return line.Length > 1 && line[0] == '[' && !line[1..].Contains('[');
    }

    private static void Keep(MappedText text, int start, int length, int depth, ViewShelf shelf)
    {
        if (text.Chars.Slice(start, length).Contains(' ') && shelf.Open(ViewKind.MarkdownTitle, depth) is { } view)
        {
            HiddenMarkup.Copy(text, start, length, view);
        }
    }
}
