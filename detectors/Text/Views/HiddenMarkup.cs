using System.Buffers;

namespace McpLedger.Detectors.Text.Views;

/// <summary>Finds text in HTML that a browser does not show: comments, elements hidden by style or attribute, and the attributes that only some readers see.</summary>
internal static class HiddenMarkup
{
    private const int LongestTag = 2048;
    private const int LongestText = 8192;

    // Shorter ones are labels.
    private const int ShortestAttribute = 12;

    private static readonly SearchValues<string> HidingStyles = SearchValues.Create(
        [
            "display:none", "display: none", "visibility:hidden", "visibility: hidden", "font-size:0", "font-size: 0", "font-size:1px", "font-size: 1px", "opacity:0", "opacity: 0", "color:white", "color: white",
            "color:#fff", "color: #fff", "color:transparent", "color: transparent", "text-indent:-", "text-indent: -", "left:-9", "left: -9", "height:0", "height: 0", "width:0", "width: 0", "clip:rect", "clip: rect",
            "aria-hidden=\"true\"", "aria-hidden='true'", "aria-hidden=true", " hidden", "type=\"hidden\"", "type='hidden'",
        ],
        StringComparison.OrdinalIgnoreCase);

    private static readonly string[] Attributes = ["alt", "title", "aria-label", "content", "placeholder", "value", "data-prompt", "data-instructions"];

    public static void Find(MappedText text, int depth, ViewShelf shelf)
    {
        var chars = text.Chars;
        for (var at = chars.IndexOf('<'); at >= 0 && at < chars.Length;)
        {
            var rest = chars[at..];
            if (rest.StartsWith("<!--"))
            {
                var end = rest[4..Math.Min(rest.Length, LongestText)].IndexOf("-->");
                Keep(text, at + 4, end < 0 ? Math.Min(rest.Length, LongestText) - 4 : end, depth, shelf);
                at += end < 0 ? 4 : end + 7;
            }
            else if (rest.Length > 1 && char.IsAsciiLetter(rest[1]))
            {
                at += Element(text, at, depth, shelf);
            }
            else
            {
                at++;
            }

            var next = at < chars.Length ? chars[at..].IndexOf('<') : -1;
            at = next < 0 ? -1 : at + next;
        }
    }

    private static int Element(MappedText text, int at, int depth, ViewShelf shelf)
    {
        var rest = text.Chars[at..];
        var end = rest[..Math.Min(rest.Length, LongestTag)].IndexOf('>');
        if (end < 0)
        {
            return 1;
        }

        var tag = rest[..end];
        if (tag.Length < ShortestAttribute)
        {
            return end + 1;
        }

        foreach (var name in Attributes)
        {
            AttributeValue(text, at, tag, name, depth, shelf);
        }

        if (tag.ContainsAny(HidingStyles) && !tag.EndsWith("/"))
        {
            var name = tag[1..][..(tag[1..].IndexOfAny(" \t\n\r") is >= 0 and var blank ? blank : tag.Length - 1)];
            Keep(text, at + end + 1, Inside(rest[(end + 1)..], name), depth, shelf);
        }

        return end + 1;
    }

    /// <summary>How far the element's text goes: to its closing tag, or to a bound.</summary>
    private static int Inside(ReadOnlySpan<char> after, ReadOnlySpan<char> name)
    {
        var window = after[..Math.Min(after.Length, LongestText)];
        for (var at = 0; window[at..].IndexOf("</") is >= 0 and var close; at += close + 2)
        {
            if (window[(at + close + 2)..].StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return at + close;
            }
        }

        return window.Length;
    }

    private static void AttributeValue(MappedText text, int at, ReadOnlySpan<char> tag, string name, int depth, ViewShelf shelf)
    {
        for (var from = 0; tag[from..].IndexOf(name, StringComparison.OrdinalIgnoreCase) is >= 0 and var found;)
        {
            var start = from + found;
            from = start + name.Length;
            if (tag[start - 1] is not (' ' or '\t' or '\n' or '\r' or '"' or '\'') || from + 2 >= tag.Length || tag[from] != '=' || tag[from + 1] is not ('"' or '\''))
            {
                continue;
            }

            var length = tag[(from + 2)..].IndexOf(tag[from + 1]);
            length = length < 0 ? tag.Length - from - 2 : length;
            if (length >= ShortestAttribute && tag.Slice(from + 2, length).Contains(' '))
            {
                Keep(text, at + from + 2, length, depth, shelf);
            }
        }
    }

    private static void Keep(MappedText text, int start, int length, int depth, ViewShelf shelf)
    {
        length = Math.Min(length, LongestText);
        if (text.Chars.Slice(start, length).Trim().Length > 2 && shelf.Open(ViewKind.HiddenMarkup, depth) is { } view)
        {
            Copy(text, start, length, view);
        }
    }

    internal static void Copy(MappedText text, int start, int length, MappedText view)
    {
        for (var i = start; i < start + length && view.Room > 1; i++)
        {
            view.Add(text.Chars[i], text.OriginAt(i));
        }

        view.End(text.OriginAt(start + length));
    }
}
