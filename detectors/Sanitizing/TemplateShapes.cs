using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>Expressions for template engines. A name in braces is a blank to be filled in; a call, an attribute of the language itself or a sum reaches further.</summary>
internal static class TemplateShapes
{
    private const int Longest = 400;

    private static readonly SearchValues<string> Openings = SearchValues.Create(["{{", "${", "<%", "{%", "#{", "*{"], StringComparison.Ordinal);

    private static readonly SearchValues<string> Reaching = SearchValues.Create(
        ["__class__", "__globals__", "__mro__", "__subclasses__", "__import__", "__builtins__", "constructor", "popen(", "os.system", "system(", "exec(", "eval(", "runtime", "processbuilder", "getclass", "forname", "jndi:", "t(java",
         "config.items", "lipsum", "cycler", "|attr(", "file.read", "require('child_process", "child_process", "global.process", "self.__", "request.application"],
        StringComparison.OrdinalIgnoreCase);

    // Filters of Twig that call what they are given.
    private static readonly SearchValues<string> Callers = SearchValues.Create(["|filter(", "|map(", "|sort(", "|reduce(", "| filter(", "| map(", "| sort(", "| reduce("], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Openings) is >= 0 and var hit;)
        {
            at += hit;
            var close = text[at..].StartsWith("{{") ? "}}" : text[at] == '<' ? "%>" : text[at..].StartsWith("{%") ? "%}" : "}";
            var window = text[(at + 2)..Math.Min(text.Length, at + Longest)];
            var end = window.IndexOf(close);
            if (end < 0)
            {
                at += 2;
                continue;
            }

            var inside = window[..end];
            var length = end + 2 + close.Length;
            if (inside.ContainsAny(Reaching) || IsDunder(inside) || (close.Length == 2 && (IsGlued(inside) || IsCaller(inside))))
            {
                found.Add(SanitizeKind.Template, SanitizeSeverity.High, at, length);
                at += length;
            }
            else if (IsSum(inside) || (close == "}}" && !(at > 0 && text[at - 1] is '$' or '#' or '=') && Calls(inside)))
            {
                found.Add(SanitizeKind.Template, SanitizeSeverity.Medium, at, length);
                at += length;
            }
            else
            {
                at += 2;
            }
        }
    }

    /// <summary>Numbers and one sign: how engines are tried out.</summary>
    private static bool IsSum(ReadOnlySpan<char> inside)
    {
        inside = inside.Trim(" =-'");
        var sign = inside.IndexOfAny("*+-/");
        return sign > 0 && sign < inside.Length - 1 && !inside[..sign].Trim(" '").ContainsAnyExceptInRange('0', '9') && !inside[(sign + 1)..].Trim(" '").ContainsAnyExceptInRange('0', '9') && char.IsAsciiDigit(inside[0]);
    }

    /// <summary>An attribute that the language keeps for itself: <c>.__init__</c>, <c>['__init__']</c>.</summary>
    private static bool IsDunder(ReadOnlySpan<char> inside)
    {
        for (var at = 1; at < inside.Length && inside[at..].IndexOf("__") is >= 0 and var hit; at += hit + 2)
        {
            var end = at + hit + 2;
            while (end < inside.Length && char.IsAsciiLetter(inside[end]))
            {
                end++;
            }

            if (end > at + hit + 2 && inside[at + hit - 1] is '.' or '\'' or '"' && inside[end..].StartsWith("__"))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A name made of pieces, so that it stands nowhere: <c>'appli'+'cation'</c>.</summary>
    private static bool IsGlued(ReadOnlySpan<char> inside)
    {
        for (var at = 0; inside[at..].IndexOfAny('+', '~') is >= 0 and var hit; at += hit + 1)
        {
            if (inside[..(at + hit)].TrimEnd() is [.., '\'' or '"'] && inside[(at + hit + 1)..].TrimStart() is ['\'' or '"', ..])
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsCaller(ReadOnlySpan<char> inside) => inside.TrimStart() is ['[', ..] && inside.ContainsAny(Callers);

    /// <summary>A call or an index: a blank that is to be filled in has neither.</summary>
    private static bool Calls(ReadOnlySpan<char> inside)
    {
        for (var at = 1; at < inside.Length && inside[at..].IndexOfAny('(', '[') is >= 0 and var hit; at += hit + 1)
        {
            if (char.IsAsciiLetterOrDigit(inside[at + hit - 1]) || inside[at + hit - 1] is '_' or ']')
            {
                return true;
            }
        }

        return false;
    }
}
