using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>What stands around an operator or a word: whether it reads as typed for a shell.</summary>
internal static class ShellLine
{
    private const int LongestLine = 512;
    private const int LongestCommand = 1024;
    private static readonly SearchValues<char> Begins = SearchValues.Create(";|&(#>\"");

    /// <summary>The line that <paramref name="at"/> stands in, as far as there.</summary>
    public static ReadOnlySpan<char> Before(ReadOnlySpan<char> text, int at)
    {
        var window = text[Math.Max(0, at - LongestLine)..at];
        var line = window[(window.LastIndexOf('\n') + 1)..];

        // The name of a member stands before its value.
        var i = 0;
        ShellCommands.WordAt(line, ref i);
        return i > 0 && line[i..].StartsWith(": ") ? line[(i + 2)..] : line;
    }

    /// <summary>Where the line ends.</summary>
    public static int End(ReadOnlySpan<char> text, int at)
    {
        var window = text[at..Math.Min(text.Length, at + LongestCommand)];
        var end = window.IndexOfAny('\n', '\r');
        return at + (end < 0 ? window.Length : end);
    }

    /// <summary>True when the line holds a command: as its first word, or after a prompt, an operator or a quotation mark.</summary>
    public static bool HoldsCommand(ReadOnlySpan<char> line, out bool fetched)
    {
        fetched = false;
        var (begins, any) = (true, false);
        for (var at = 0; at < line.Length;)
        {
            if (line[at] is '$' or '#' or '>' or '|' or ';' or '&' or '"' or '\'' or '`' or '(')
            {
                begins = true;
                at++;
                continue;
            }

            if (line[at] is ' ' or '\t' or '\n')
            {
                at++;
                continue;
            }

            var from = at;
            var word = ShellCommands.WordAt(line, ref at);
            if (begins && ShellCommands.IsAny(word))
            {
                any = true;
                fetched |= ShellCommands.IsFetcher(word) || word is "base64" or "echo" or "printf" or "xxd" or "openssl" or "aws" or "gsutil";
            }

            begins = word is "sudo" or "RUN" or "then" or "do";
            at = Math.Max(at, from + 1);
        }

        return any;
    }

    /// <summary>The first word of what is typed behind the last operator or prompt, words that only run others passed over.</summary>
    public static ReadOnlySpan<char> LastCommand(ReadOnlySpan<char> line)
    {
        var at = line.LastIndexOfAny(Begins) + 1;
        at = line[at..].StartsWith("$ ") ? at + 2 : at;
        while (true)
        {
            var word = ShellCommands.WordAt(line, ref at);
            if (word is not ("sudo" or "doas" or "env" or "exec" or "nohup" or "RUN" or "then" or "do"))
            {
                return word;
            }
        }
    }

    public static bool HasHarmful(ReadOnlySpan<char> commands)
    {
        for (var at = 0; commands[at..].IndexOfAny("|;&") is >= 0 and var hit;)
        {
            at += hit + 1;
            var word = ShellCommands.WordAt(commands, ref at);
            if (ShellCommands.IsHarmful(word))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True for commands that are words and variables too, where no option, operator or end follows.</summary>
    public static bool IsWordOnly(ReadOnlySpan<char> text, ReadOnlySpan<char> command, int at)
    {
        if (!IsWord(command))
        {
            return false;
        }

        var rest = text[at..Math.Min(text.Length, at + 40)].TrimStart(" \t");
        return !(rest.IsEmpty || rest[0] is '-' or ';' or '|' or '&' or ')' or '"' or '\'' or '\n' or '\r' or '`' or '/' or '.');
    }

    /// <summary>True for commands that are words of prose and variables too.</summary>
    public static bool IsWord(ReadOnlySpan<char> command) =>
        command is "id" or "env" or "type" or "net" or "format" or "history" or "test" or "date" or "code" or "open" or "start" or "more" or "less" or "top" or "set" or "find" or "make" or "go" or "node" or "reg";

    public static bool EndsCommand(ReadOnlySpan<char> text, int at) => at >= text.Length || text[at] is ' ' or '\n' or '\r' or '\t' or ';' or '|' or '&' or '"' or '\'' or ')' or '`' or '<' or '>';

    /// <summary>True when what follows looks typed for a shell: an option, a path, a variable, an operator.</summary>
    public static bool IsTyped(ReadOnlySpan<char> text, int at)
    {
        var rest = text[at..Math.Min(text.Length, at + 80)];
        rest = rest[..(rest.IndexOf('\n') is >= 0 and var line ? line : rest.Length)];
        return rest.Contains(" -", StringComparison.Ordinal) || rest.ContainsAny("/$|>`") || rest.Trim().IsEmpty;
    }

    public static bool HasArguments(ReadOnlySpan<char> text, int at) => IsTyped(text, at) && at < text.Length && text[at] is ' ';

    /// <summary>True when the very next word is an argument and no word of prose: an option, a path, an address, a variable, something quoted.</summary>
    public static bool HasArgument(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || text[at] != ' ')
        {
            return false;
        }

        var word = text[at..Math.Min(text.Length, at + 200)].TrimStart(' ');
        word = word[..(word.IndexOfAny(" \t\r\n") is >= 0 and var end ? end : word.Length)];
        return word.Length > 1 && (word[0] is '-' or '/' or '~' or '$' or '.' or '"' or '\'' or '+' || word.Contains("://", StringComparison.Ordinal) || word.Contains('@') || word.Contains(":\\", StringComparison.Ordinal));
    }
}
