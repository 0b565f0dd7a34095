using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>SQL that breaks out: what ends a value and goes on as a statement. A whole statement is none; a query tool's arguments are full of them.</summary>
internal static class SqlShapes
{
    private const int Reach = 400;

    private static readonly SearchValues<string> Verbs = SearchValues.Create(
        [" or ", " and ", "union ", "drop ", "insert ", "update ", "delete ", "alter ", "exec ", "exec(", "waitfor ", "xp_cmdshell", "sleep(", "pg_sleep(", "benchmark(", "into outfile", "load_file(", "select "], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Ends = SearchValues.Create(["'--", "' --", "'#"], StringComparison.Ordinal);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Verbs) is >= 0 and var hit;)
        {
            at += hit;
            var length = Break(text, at);
            if (length > 0)
            {
                var start = Math.Min(Opening(text, at), Number(text, at));
                found.Add(SanitizeKind.Sql, SanitizeSeverity.High, start, at + length - start);
            }

            at += Math.Max(length, 2);
        }

        for (var at = 0; text[at..].IndexOfAny(Ends) is >= 0 and var hit; at++)
        {
            at += hit;
            var line = text[at..ShellLine.End(text, at)];
            if (Comments(text, at, line))
            {
                found.Add(SanitizeKind.Sql, SanitizeSeverity.High, at, line.Length);
            }
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
            var length = opened ? Tautology(rest[from..]) : Number(text, at) < at || text[..at].EndsWith("\"") ? Identity(rest[from..]) : 0;
            return length > 0 ? from + length : 0;
        }

        if (rest.StartsWith("union ", StringComparison.OrdinalIgnoreCase))
        {
            var select = rest[..Math.Min(rest.Length, 24)].IndexOf("select", StringComparison.OrdinalIgnoreCase);
            var before = text[Math.Max(0, at - (5 * Reach))..at];
            return select is 6 or 10 && !before.Contains("select", StringComparison.OrdinalIgnoreCase) && (opened || at < 2 || (Number(text, at) < at && rest[..LineEnd(rest)].ContainsAny(",(*'"))) ? LineEnd(rest) : 0;
        }

        if (rest.StartsWith("select ", StringComparison.OrdinalIgnoreCase))
        {
            // Scripts have many statements on one line: only behind a value that nobody opened is one broken out of.
            var line = rest[..LineEnd(rest)];
            var goesOn = line.Contains('(') || line.Contains("@@", StringComparison.Ordinal) || line.Contains(" from ", StringComparison.OrdinalIgnoreCase);
            var number = Number(text, at);
            return goesOn && ((text[opening..at].Contains(';') && IsOdd(text, at)) || text[number..at].Contains(';')) ? line.Length : 0;
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

    /// <summary>A comparison of something with the very same: what is left of it where a value was not quoted.</summary>
    private static int Identity(ReadOnlySpan<char> rest)
    {
        var sign = rest[..Math.Min(rest.Length, 40)].IndexOf('=');
        if (sign <= 0)
        {
            return 0;
        }

        var left = rest[..sign].Trim();
        var right = rest[(sign + 1)..Math.Min(rest.Length, sign + 44)].TrimStart(" =");
        if (left is "\"\"" or "''")
        {
            return right is ['"' or '\'', ..] ? rest.Length - rest[(sign + 1)..].Length + 1 : 0;
        }

        left = left.Trim("'\"");
        right = right.TrimStart("'\"");
        return !left.IsEmpty && !left.ContainsAny(" '\"") && right.StartsWith(left, StringComparison.OrdinalIgnoreCase) && !(right.Length > left.Length && char.IsAsciiLetterOrDigit(right[left.Length]))
            ? Math.Min(rest.Length, sign + 2 + left.Length) : 0;
    }

    /// <summary>Where a number begins that is all of a value before a verb; the verb's own place when none does.</summary>
    private static int Number(ReadOnlySpan<char> text, int at)
    {
        const int Longest = 16;
        var i = at;
        while (i > 0 && at - i < 4 && text[i - 1] is ' ' or ';' or ')')
        {
            i--;
        }

        var end = i;
        while (i > 0 && end - i < Longest && char.IsAsciiDigit(text[i - 1]))
        {
            i--;
        }

        var start = i > 0 && text[i - 1] == '-' ? i - 1 : i;
        var begins = start == 0 || text[start - 1] is '\n' or '=' or '"' or '\'' || (start > 1 && text[start - 1] == ' ' && text[start - 2] == ':');
        return i < end && begins ? start : at;
    }

    /// <summary>A quotation mark that closes what nobody opened, and a comment that takes the rest of somebody else's line.</summary>
    private static bool Comments(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> line)
    {
        if (at == 0 || !(char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] == ')') || !IsOdd(text, at + 1))
        {
            return false;
        }

        var behind = line[(line[1] == ' ' ? 4 : line[1] == '#' ? 2 : 3)..];
        return behind.Trim().IsEmpty || (line[1] == '-' && behind[0] == ' ' && !behind.Contains('\''));
    }

    // Whether the line as far as there holds a quotation mark that has no other.
    private static bool IsOdd(ReadOnlySpan<char> text, int at) => ShellLine.Before(text, at).Count('\'') % 2 == 1;

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
