using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>SQL that breaks out: what ends a value and goes on as a statement. A whole statement is none; a query tool's arguments are full of them.</summary>
internal static class SqlShapes
{
    private const int Reach = 400;

    private static readonly SearchValues<string> Verbs = SearchValues.Create(
        [" or ", " and ", "union ", "drop ", "insert ", "update ", "delete ", "alter ", "exec ", "exec(", "waitfor ", "xp_cmdshell", "sleep(", "pg_sleep(", "benchmark(", "into outfile", "load_file("], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Verbs) is >= 0 and var hit;)
        {
            at += hit;
            var length = Break(text, at);
            if (length > 0)
            {
                var start = Opening(text, at);
                found.Add(SanitizeKind.Sql, SanitizeSeverity.High, start, at + length - start);
            }

            at += Math.Max(length, 2);
        }
    }

    /// <summary>How far the fragment at a verb goes; 0 when nothing is broken out of.</summary>
    private static int Break(ReadOnlySpan<char> text, int at)
    {
        var rest = text[at..Math.Min(text.Length, at + Reach)];
        var opening = Opening(text, at);
        var opened = opening < at;
        if (rest.StartsWith(" or ", StringComparison.OrdinalIgnoreCase) || rest.StartsWith(" and ", StringComparison.OrdinalIgnoreCase))
        {
            var from = rest[1..].IndexOf(' ') + 2;
            return opened && Tautology(rest[from..]) is > 0 and var length ? from + length : 0;
        }

        if (rest.StartsWith("union ", StringComparison.OrdinalIgnoreCase))
        {
            var select = rest[..Math.Min(rest.Length, 24)].IndexOf("select", StringComparison.OrdinalIgnoreCase);
            var before = text[Math.Max(0, at - (5 * Reach))..at];
            return select is 6 or 10 && !before.Contains("select", StringComparison.OrdinalIgnoreCase) && (opened || at < 2) ? LineEnd(rest) : 0;
        }

        if (rest.StartsWith("xp_cmdshell", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("into outfile", StringComparison.OrdinalIgnoreCase))
        {
            return rest.Length > 14 && rest[11..].ContainsAny("('\"") ? LineEnd(rest) : 0;
        }

        // A statement or a delay after a closed value: '; DROP TABLE, ') OR SLEEP(5)
        return opened && Statement(rest) ? LineEnd(rest) : 0;
    }

    /// <summary>Where the quotation mark, with what closes it, stands before a verb; the verb's own place when there is none.</summary>
    private static int Opening(ReadOnlySpan<char> text, int at)
    {
        var i = at;
        var ended = false;
        while (i > 0 && at - i < 8 && text[i - 1] is ' ' or ';' or ')')
        {
            ended |= text[i - 1] is ';' or ')';
            i--;
        }

        // The quotation mark closes a value: a letter, a digit or nothing stands before it, and it is no apostrophe or quoted word.
        if (i > 0 && text[i - 1] == '\'' && (ended || text[i..at].Trim().IsEmpty))
        {
            return i - 1;
        }

        return ended && i > 0 && char.IsAsciiDigit(text[i - 1]) && text[i..at].Contains(';') ? i - 1 : at;
    }

    /// <summary>A comparison of two constants, or of something with itself.</summary>
    private static int Tautology(ReadOnlySpan<char> rest)
    {
        var sign = rest[..Math.Min(rest.Length, 40)].IndexOfAny("=<>");
        if (sign <= 0 || sign + 1 >= rest.Length)
        {
            return 0;
        }

        var left = rest[..sign].Trim().Trim("'\"(").Trim();
        var right = rest[(sign + 1)..Math.Min(rest.Length, sign + 1 + left.Length + 6)].TrimStart("= ").TrimStart("'\"");
        var constant = !left.IsEmpty && (!left.ContainsAnyExceptInRange('0', '9') || right.StartsWith(left, StringComparison.OrdinalIgnoreCase));
        return constant && !right.IsEmpty && (right.StartsWith(left, StringComparison.OrdinalIgnoreCase) || char.IsAsciiDigit(right[0])) ? Math.Min(rest.Length, sign + 2 + left.Length) : 0;
    }

    private static bool Statement(ReadOnlySpan<char> rest)
    {
        ReadOnlySpan<string> forms = ["drop table", "drop database", "drop schema", "insert into", "delete from", "alter table", "alter user", "exec ", "exec(", "waitfor delay", "sleep(", "pg_sleep(", "benchmark(", "load_file("];
        foreach (var form in forms)
        {
            if (rest.StartsWith(form, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return rest.StartsWith("update ", StringComparison.OrdinalIgnoreCase) && rest[..Math.Min(rest.Length, 80)].Contains(" set ", StringComparison.OrdinalIgnoreCase);
    }

    private static int LineEnd(ReadOnlySpan<char> rest) => rest.IndexOf('\n') is >= 0 and var end ? end : rest.Length;
}
