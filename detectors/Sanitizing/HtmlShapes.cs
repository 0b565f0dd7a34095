using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>HTML that runs or loads something, and addresses that are programs.</summary>
internal static class HtmlShapes
{
    private const int LongestTag = 2048;
    private const int LongestElement = 32 * 1024;

    private static readonly SearchValues<string> Schemes = SearchValues.Create(["javascript:", "vbscript:", "data:text/html", "data:application/xhtml", "data:image/svg+xml"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t\r\n/>");

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; at < text.Length && text[at..].IndexOf('<') is >= 0 and var hit;)
        {
            at += hit;
            at += Math.Max(1, Tag(text, at, found));
        }

        for (var at = 0; text[at..].IndexOfAny(Schemes) is >= 0 and var hit;)
        {
            at += hit;
            at += Math.Max(4, Address(text, at, found));
        }
    }

    private static int Tag(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var rest = text[at..Math.Min(text.Length, at + LongestTag)];
        if (rest.Length < 4 || !char.IsAsciiLetter(rest[1]))
        {
            return 1;
        }

        var end = rest.IndexOf('>');
        var tag = end < 0 ? rest[..(rest.IndexOf('\n') is >= 0 and var line ? line : rest.Length)] : rest[..(end + 1)];
        var name = tag[1..(tag[1..].IndexOfAny(NameEnds) is >= 0 and var stop ? stop + 1 : tag.Length)];
        if (name.Equals("script", StringComparison.OrdinalIgnoreCase) && end > 0)
        {
            var element = text[at..Math.Min(text.Length, at + LongestElement)];
            var close = element.IndexOf("</script", StringComparison.OrdinalIgnoreCase);
            if (close < 0 && !tag.Contains('='))
            {
                // The word for the element, in a text about it.
                return 1;
            }

            var length = close < 0 ? tag.Length : close + (element[close..].IndexOf('>') is >= 0 and var last ? last + 1 : 8);
            found.Add(SanitizeKind.ActiveHtml, SanitizeSeverity.High, at, length);
            return length;
        }

        if (end > 0 && (IsLoading(name) && tag.Contains('=') || (name.Equals("meta", StringComparison.OrdinalIgnoreCase) && tag.Contains("refresh", StringComparison.OrdinalIgnoreCase) && tag.Contains("url", StringComparison.OrdinalIgnoreCase))))
        {
            found.Add(SanitizeKind.ActiveHtml, SanitizeSeverity.Medium, at, tag.Length);
            return tag.Length;
        }

        if (HasHandler(tag))
        {
            found.Add(SanitizeKind.ActiveHtml, SanitizeSeverity.High, at, tag.Length);
            return tag.Length;
        }

        return 1;
    }

    private static bool IsLoading(ReadOnlySpan<char> name) =>
        name.Equals("iframe", StringComparison.OrdinalIgnoreCase) || name.Equals("object", StringComparison.OrdinalIgnoreCase) || name.Equals("embed", StringComparison.OrdinalIgnoreCase)
        || name.Equals("applet", StringComparison.OrdinalIgnoreCase) || name.Equals("base", StringComparison.OrdinalIgnoreCase);

    /// <summary>An attribute that begins with <c>on</c>, is a lower case word and has a quoted or called value: <c>onerror=alert(1)</c>. A component's <c>onClick={…}</c> is no HTML.</summary>
    private static bool HasHandler(ReadOnlySpan<char> tag)
    {
        for (var at = 1; tag[at..].IndexOf("on", StringComparison.OrdinalIgnoreCase) is >= 0 and var hit; at += hit + 2)
        {
            var i = at + hit;
            if (!(char.IsWhiteSpace(tag[i - 1]) || tag[i - 1] is '/' or '"' or '\''))
            {
                continue;
            }

            var end = i + 2;
            while (end < tag.Length && char.IsAsciiLetter(tag[end]))
            {
                end++;
            }

            var value = end;
            while (value < tag.Length && tag[value] is ' ' or '\t')
            {
                value++;
            }

            if (end - i is >= 5 and <= 24 && value + 1 < tag.Length && tag[value] == '=' && tag[value + 1] is not ('{' or '>'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A program where an address belongs: after an attribute's or a link's opening, or as the whole of a text.</summary>
    private static int Address(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var before = at == 0 ? '\n' : text[at - 1];
        if (before is not ('"' or '\'' or '(' or '=' or '\n' or '<') && !(before == ' ' && at > 1 && text[at - 2] is ':' or '=' or '('))
        {
            return 4;
        }

        var window = text[at..Math.Min(text.Length, at + LongestTag)];
        var end = window.IndexOfAny("\"'\n>");
        end = end < 0 ? window.Length : end;
        var scheme = window.IndexOf(':');
        if (end - scheme < 4 || window[scheme + 1] == ' ')
        {
            return 4;
        }

        found.Add(SanitizeKind.ScriptUrl, window.StartsWith("data:image", StringComparison.OrdinalIgnoreCase) ? SanitizeSeverity.Low : SanitizeSeverity.High, at, end);
        return end;
    }
}
