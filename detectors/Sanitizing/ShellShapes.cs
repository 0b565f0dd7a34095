using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>Commands for a shell where a text should be. An operator alone says nothing: what stands on its sides does.</summary>
internal static class ShellShapes
{
    private const int LongestLine = 512;
    private const int MostLines = 4;

    private static readonly SearchValues<char> Operators = SearchValues.Create("$`|;&<");

    private static readonly SearchValues<string> Phrases = SearchValues.Create(
        ["/dev/tcp/", "/dev/udp/", "base64 -d", "base64 --decode", "base64 -D", "eval(base64", "exec(base64", "b64decode(", "fromcharcode(", "nc -e", "ncat -e", "bash -i"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Executing = SearchValues.Create(["exec", "eval", "| sh", "|sh", "| bash", "|bash", "system(", "popen", "subprocess", "| python", "$(", "`"], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Operators) is >= 0 and var hit;)
        {
            at += hit;
            at += Math.Max(1, Operator(text, at, found));
        }

        for (var at = 0; text[at..].IndexOfAny(Phrases) is >= 0 and var hit;)
        {
            at += hit;
            at += Math.Max(2, Phrase(text, at, found));
        }
    }

    /// <summary>
    /// Commands on lines of their own behind other words: the end of a line is an operator too. In a longer text, or one that sets code apart, such lines are what is written about.
    /// </summary>
    /// <param name="text">All of it.</param>
    /// <param name="start">First character of a string in it.</param>
    /// <param name="length">Characters of that string.</param>
    /// <param name="found">Takes the findings.</param>
    public static void FindLines(ReadOnlySpan<char> text, int start, int length, SanitizeFindings found)
    {
        var leaf = text.Slice(start, length);
        if (leaf.IndexOf('\n') is not (> 0 and var line) || leaf.Count('\n') >= MostLines || leaf.Contains("```", StringComparison.Ordinal))
        {
            return;
        }

        while (line >= 0)
        {
            var at = line + 1;
            var command = ShellCommands.WordAt(leaf, ref at);
            if (!leaf[..line].Trim().IsEmpty && IsTypedHarm(leaf, command, at))
            {
                found.Add(SanitizeKind.CommandChain, SanitizeSeverity.Medium, start + line + 1, ShellLine.End(leaf, at) - line - 1);
            }

            line = leaf[at..].IndexOf('\n') is >= 0 and var next ? at + next : -1;
        }
    }

    private static int Operator(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var next = at + 1 < text.Length ? text[at + 1] : '\0';
        return text[at] switch
        {
            '$' when next == '(' => Substitution(text, at, found),
            '`' => Backticks(text, at, found),
            '|' when next != '|' => Pipe(text, at, found),
            '|' => Chain(text, at, 2, found),
            '&' when next == '&' => Chain(text, at, 2, found),
            '&' => Background(text, at, found),
            ';' => Chain(text, at, 1, found),
            '<' when next == '<' => HereDocuments.At(text, at, found),
            '<' when next == '(' => Substitution(text, at, found),
            _ => 1,
        };
    }

    /// <summary>A command whose output stands in another: <c>$(…)</c>, or as a file, <c>&lt;(…)</c>, of which only what does harm counts.</summary>
    private static int Substitution(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var inside = at + 2;
        var window = text[inside..Math.Min(text.Length, inside + LongestLine)];
        var (end, open) = (0, 1);
        while (end < window.Length && (open -= window[end] == ')' ? 1 : 0) > 0)
        {
            open += window[end] == '(' ? 1 : 0;
            end++;
        }

        var i = inside;
        var command = ShellCommands.WordAt(text, ref i);
        if (end == window.Length || command.IsEmpty || !ShellCommands.IsAny(command))
        {
            return 2;
        }

        var isHarmful = ShellCommands.IsHarmful(command) || ShellLine.HasHarmful(window[..end]);
        if (!isHarmful && text[at] == '<')
        {
            return 2;
        }

        var severity = isHarmful ? SanitizeSeverity.High : command is "pwd" or "date" or "git" or "which" or "hostname" ? SanitizeSeverity.Low : SanitizeSeverity.Medium;
        found.Add(SanitizeKind.CommandSubstitution, severity, at, inside + end + 1 - at);
        return inside + end + 1 - at;
    }

    /// <summary>Backticks also set code apart in Markdown: only glued to an argument, or as an argument of what is typed, are they a command inside a command.</summary>
    private static int Backticks(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        if (at == 0 || (at + 1 < text.Length && text[at + 1] == '`') || !(text[at - 1] is '=' or '"' or '/' or '.' or ';' or '@' or '?' || (text[at - 1] == ' ' && IsArgument(ShellLine.Before(text, at)))))
        {
            return 1;
        }

        var window = text[(at + 1)..Math.Min(text.Length, at + 1 + LongestLine)];
        var end = window.IndexOf('`');
        var i = at + 1;
        var command = ShellCommands.WordAt(text, ref i);
        if (end <= 0 || window[..end].Contains('\n') || !ShellCommands.IsHarmful(command) || (text[at - 1] == ' ' && !window[..end].Contains(' ')))
        {
            return 1;
        }

        found.Add(SanitizeKind.CommandSubstitution, SanitizeSeverity.High, at, end + 2);
        return end + 2;
    }

    // Behind a command as it is typed, and not behind one that stands in backticks itself.
    private static bool IsArgument(ReadOnlySpan<char> left)
    {
        var command = ShellLine.LastCommand(left);
        return left.Count('`') % 2 == 0 && ShellCommands.IsAny(command) && !ShellLine.IsWord(command) && char.IsAsciiLetterLower(command[0]);
    }

    private static int Pipe(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var i = at + 1;
        var command = ShellCommands.WordAt(text, ref i);
        if (command is "sudo" or "doas" or "env" or "xargs")
        {
            i += i < text.Length && text[i] == ' ' ? 1 : 0;
            command = ShellCommands.WordAt(text, ref i);
        }

        if (!ShellCommands.IsAny(command) || !ShellLine.EndsCommand(text, i) || ShellLine.IsWordOnly(text, command, i))
        {
            return 1;
        }

        var left = ShellLine.Before(text, at);

        // A row of a table has bars too.
        if (left.TrimStart().StartsWith("|") || !ShellLine.HoldsCommand(left, out var fetched))
        {
            return 1;
        }

        // Alternatives stand between bars without blanks.
        if (!fetched && at > 0 && text[at - 1] != ' ' && text[at + 1] != ' ')
        {
            return 1;
        }

        if (ShellCommands.IsInterpreter(command))
        {
            found.Add(SanitizeKind.PipeToInterpreter, fetched ? SanitizeSeverity.High : SanitizeSeverity.Medium, at - left.Length, ShellLine.End(text, i) - at + left.Length);
            return i - at;
        }

        found.Add(SanitizeKind.CommandChain, ShellCommands.IsHarmful(command) ? SanitizeSeverity.Medium : SanitizeSeverity.Low, at, i - at);
        return i - at;
    }

    // A lone ampersand stands in names, addresses and redirections too.
    private static int Background(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var i = at + 1;
        var command = ShellCommands.WordAt(text, ref i);
        if ((at > 0 && text[at - 1] is '>' or '<') || !IsTypedHarm(text, command, i))
        {
            return 1;
        }

        found.Add(SanitizeKind.CommandChain, SanitizeSeverity.Medium, at, ShellLine.End(text, i) - at);
        return i - at;
    }

    private static bool IsTypedHarm(ReadOnlySpan<char> text, ReadOnlySpan<char> command, int at) =>
        ShellCommands.IsHarmful(command) && char.IsAsciiLetterLower(command[0]) && ShellLine.HasArgument(text, at);

    private static int Chain(ReadOnlySpan<char> text, int at, int width, SanitizeFindings found)
    {
        var i = at + width;
        var command = ShellCommands.WordAt(text, ref i);
        if (!ShellCommands.IsAny(command) || !ShellLine.EndsCommand(text, i) || ShellLine.IsWordOnly(text, command, i) || (width == 1 && !ShellLine.IsTyped(text, i)))
        {
            return width;
        }

        // A semicolon in prose is followed by words too: there the command must do harm, or stand after another.
        var harmful = ShellCommands.IsHarmful(command) && ShellLine.HasArguments(text, i);
        if (harmful || ShellLine.HoldsCommand(ShellLine.Before(text, at), out _))
        {
            found.Add(SanitizeKind.CommandChain, harmful ? SanitizeSeverity.Medium : SanitizeSeverity.Low, at, ShellLine.End(text, i) - at);
        }

        return i - at;
    }

    private static int Phrase(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var end = ShellLine.End(text, at);
        var command = text[at..end];
        if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]))
        {
            return 2;
        }

        if (command.StartsWith("/dev/") || command.StartsWith("nc -e") || command.StartsWith("ncat -e") || (command.StartsWith("bash -i") && command.Contains('>')))
        {
            found.Add(SanitizeKind.CommandChain, SanitizeSeverity.High, at, command.Length);
            return command.Length;
        }

        // Decoding is nothing by itself; decoding to run is.
        var line = text[(at - ShellLine.Before(text, at).Length)..end];
        if (line.ContainsAny(Executing))
        {
            found.Add(SanitizeKind.EncodedCommand, SanitizeSeverity.High, at, command.Length);
        }

        return command.Length;
    }
}
