using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>Commands for a shell where a text should be. An operator alone says nothing: what stands on its sides does.</summary>
internal static class ShellShapes
{
    private const int LongestLine = 512;
    private const int LongestCommand = 1024;
    private const int LongestDocument = 16 * 1024;
    private const int LongestDelimiter = 40;
    private const int MostDocuments = 8;

    private static readonly SearchValues<char> Operators = SearchValues.Create("$`|;&<");

    private static readonly SearchValues<string> Phrases = SearchValues.Create(
        ["powershell", "pwsh", "invoke-expression", "iex(", "iex (", "downloadstring(", "/dev/tcp/", "/dev/udp/", "base64 -d", "base64 --decode", "base64 -D", "eval(base64", "exec(base64", "b64decode(", "fromcharcode(", "nc -e", "ncat -e", "bash -i"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Hiding = SearchValues.Create(
        [" -enc", " -e ", " -ec ", " -encodedcommand", "-windowstyle hidden", "-w hidden", "-nop", "bypass", "iex", "invoke-expression", "downloadstring", "frombase64string"], StringComparison.OrdinalIgnoreCase);

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

    private static int Operator(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var next = at + 1 < text.Length ? text[at + 1] : '\0';
        return text[at] switch
        {
            '$' when next == '(' => Substitution(text, at, at + 2, ')', found),
            '`' => Backticks(text, at, found),
            '|' when next != '|' => Pipe(text, at, found),
            '|' => Chain(text, at, 2, found),
            '&' when next == '&' => Chain(text, at, 2, found),
            ';' => Chain(text, at, 1, found),
            '<' when next == '<' => HereDocument(text, at, found),
            _ => 1,
        };
    }

    private static int Substitution(ReadOnlySpan<char> text, int at, int inside, char close, SanitizeFindings found)
    {
        var window = text[inside..Math.Min(text.Length, inside + LongestLine)];
        var (end, open) = (0, 1);
        while (end < window.Length && (open -= window[end] == close ? 1 : 0) > 0)
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

        var severity = ShellCommands.IsHarmful(command) || HasHarmful(window[..end]) ? SanitizeSeverity.High : command is "pwd" or "date" or "git" or "which" or "hostname" ? SanitizeSeverity.Low : SanitizeSeverity.Medium;
        found.Add(SanitizeKind.CommandSubstitution, severity, at, inside + end + 1 - at);
        return inside + end + 1 - at;
    }

    /// <summary>Backticks also set code apart in Markdown: only glued to an argument are they a command inside a command.</summary>
    private static int Backticks(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        if (at == 0 || text[at - 1] is not ('=' or '"' or '/' or '.' or ';' or '@' or '?') || (at + 1 < text.Length && text[at + 1] == '`'))
        {
            return 1;
        }

        var window = text[(at + 1)..Math.Min(text.Length, at + 1 + LongestLine)];
        var end = window.IndexOf('`');
        var i = at + 1;
        var command = ShellCommands.WordAt(text, ref i);
        if (end <= 0 || window[..end].Contains('\n') || !ShellCommands.IsHarmful(command))
        {
            return 1;
        }

        found.Add(SanitizeKind.CommandSubstitution, SanitizeSeverity.High, at, end + 2);
        return end + 2;
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

        if (!ShellCommands.IsAny(command) || !EndsCommand(text, i) || IsWordOnly(text, command, i))
        {
            return 1;
        }

        var left = LineBefore(text, at);

        // A row of a table has bars too.
        if (left.TrimStart().StartsWith("|") || !FirstCommand(left, out var fetched))
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
            found.Add(SanitizeKind.PipeToInterpreter, fetched ? SanitizeSeverity.High : SanitizeSeverity.Medium, at - left.Length, CommandEnd(text, i) - at + left.Length);
            return i - at;
        }

        found.Add(SanitizeKind.CommandChain, ShellCommands.IsHarmful(command) ? SanitizeSeverity.Medium : SanitizeSeverity.Low, at, i - at);
        return i - at;
    }

    private static int Chain(ReadOnlySpan<char> text, int at, int width, SanitizeFindings found)
    {
        var i = at + width;
        var command = ShellCommands.WordAt(text, ref i);
        if (!ShellCommands.IsAny(command) || !EndsCommand(text, i) || IsWordOnly(text, command, i) || (width == 1 && !IsTyped(text, i)))
        {
            return width;
        }

        // A semicolon in prose is followed by words too: there the command must do harm, or stand after another.
        var harmful = ShellCommands.IsHarmful(command) && HasArguments(text, i);
        if (harmful || FirstCommand(LineBefore(text, at), out _))
        {
            found.Add(SanitizeKind.CommandChain, harmful ? SanitizeSeverity.Medium : SanitizeSeverity.Low, at, CommandEnd(text, i) - at);
        }

        return i - at;
    }

    private static int HereDocument(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var i = at + 2;
        var isIndented = i < text.Length && text[i] == '-';
        i += isIndented ? 1 : 0;
        var quote = i < text.Length && text[i] is '\'' or '"' ? 1 : 0;
        i += quote;
        var start = i;
        while (i < text.Length && i - start < LongestDelimiter && (char.IsAsciiLetterOrDigit(text[i]) || text[i] == '_'))
        {
            i++;
        }

        var word = text[start..i];
        if (word.IsEmpty || !char.IsAsciiLetter(word[0]))
        {
            return 2;
        }

        // Each is looked for as far as a document may go: a line that names many is no command.
        var left = LineBefore(text, at);
        if (left.Count("<<") >= MostDocuments || !FirstCommand(left, out var fetched))
        {
            return 2;
        }

        var length = DocumentLength(text[i..Math.Min(text.Length, i + LongestDocument)], word, isIndented);
        if (length < 0)
        {
            return 2;
        }

        var k = 0;
        var runs = ShellCommands.IsInterpreter(ShellCommands.WordAt(left.TrimStart(), ref k)) || fetched;
        found.Add(SanitizeKind.HereDocument, runs ? SanitizeSeverity.High : SanitizeSeverity.Medium, at - left.Length, i + length - at + left.Length);
        return i + length - at;
    }

    /// <summary>How far a document goes, the line with the word that ends it included; -1 where none does.</summary>
    private static int DocumentLength(ReadOnlySpan<char> body, ReadOnlySpan<char> word, bool isIndented)
    {
        Span<char> last = stackalloc char[LongestDelimiter + 1];
        last = last[..(word.Length + 1)];
        word.CopyTo(last[1..]);
        last[0] = '\n';
        var end = body.IndexOf(last);
        last[0] = '\t';
        var indented = isIndented ? body[..(end < 0 ? body.Length : end)].IndexOf(last) : -1;
        end = indented < 0 ? end : indented;
        return end < 0 ? -1 : end + last.Length;
    }

    private static int Phrase(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var end = CommandEnd(text, at);
        var command = text[at..end];
        if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]))
        {
            return 2;
        }

        if (command.StartsWith("powershell", StringComparison.OrdinalIgnoreCase) || command.StartsWith("pwsh", StringComparison.OrdinalIgnoreCase))
        {
            var i = command.IndexOf(' ');
            if (i > 0 && i < 16 && command[i..].TrimStart().StartsWith("-") && command.ContainsAny(Hiding))
            {
                found.Add(SanitizeKind.PowerShell, SanitizeSeverity.High, at, command.Length);
                return command.Length;
            }

            return 4;
        }

        if (command.StartsWith("/dev/") || command.StartsWith("nc -e") || command.StartsWith("ncat -e") || (command.StartsWith("bash -i") && command.Contains('>')))
        {
            found.Add(SanitizeKind.CommandChain, SanitizeSeverity.High, at, command.Length);
            return command.Length;
        }

        if (command.StartsWith("iex", StringComparison.OrdinalIgnoreCase) || command.StartsWith("invoke-expression", StringComparison.OrdinalIgnoreCase) || command.StartsWith("downloadstring", StringComparison.OrdinalIgnoreCase))
        {
            var calls = command.ContainsAny("($") && (command.ContainsAny(Hiding) || command.Contains('$'));
            if (calls)
            {
                found.Add(SanitizeKind.PowerShell, SanitizeSeverity.High, at, command.Length);
            }

            return calls ? command.Length : 3;
        }

        // Decoding is nothing by itself; decoding to run is.
        var line = text[(at - LineBefore(text, at).Length)..end];
        if (line.ContainsAny(Executing))
        {
            found.Add(SanitizeKind.EncodedCommand, SanitizeSeverity.High, at, command.Length);
        }

        return command.Length;
    }

    private static bool HasHarmful(ReadOnlySpan<char> commands)
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

    /// <summary>True when the line holds a command: as its first word, or after a prompt, an operator or a quotation mark.</summary>
    private static bool FirstCommand(ReadOnlySpan<char> line, out bool fetched)
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

    private static ReadOnlySpan<char> LineBefore(ReadOnlySpan<char> text, int at)
    {
        var window = text[Math.Max(0, at - LongestLine)..at];
        var line = window[(window.LastIndexOf('\n') + 1)..];

        // The name of a member stands before its value.
        var i = 0;
        ShellCommands.WordAt(line, ref i);
        return i > 0 && line[i..].StartsWith(": ") ? line[(i + 2)..] : line;
    }

    private static int CommandEnd(ReadOnlySpan<char> text, int at)
    {
        var window = text[at..Math.Min(text.Length, at + LongestCommand)];
        var end = window.IndexOfAny('\n', '\r');
        return at + (end < 0 ? window.Length : end);
    }

    /// <summary>True for commands that are words and variables too, where no option, operator or end follows.</summary>
    private static bool IsWordOnly(ReadOnlySpan<char> text, ReadOnlySpan<char> command, int at)
    {
        if (command is not ("id" or "env" or "type" or "net" or "format" or "history" or "test" or "date" or "code" or "open" or "start" or "more" or "less" or "top" or "set" or "find" or "make" or "go" or "node" or "reg"))
        {
            return false;
        }

        var rest = text[at..Math.Min(text.Length, at + 40)].TrimStart(" \t");
        return !(rest.IsEmpty || rest[0] is '-' or ';' or '|' or '&' or ')' or '"' or '\'' or '\n' or '\r' or '`' or '/' or '.');
    }

    private static bool EndsCommand(ReadOnlySpan<char> text, int at) => at >= text.Length || text[at] is ' ' or '\n' or '\r' or '\t' or ';' or '|' or '&' or '"' or '\'' or ')' or '`' or '<' or '>';

    /// <summary>True when what follows looks typed for a shell: an option, a path, a variable, an operator.</summary>
    private static bool IsTyped(ReadOnlySpan<char> text, int at)
    {
        var rest = text[at..Math.Min(text.Length, at + 80)];
        rest = rest[..(rest.IndexOf('\n') is >= 0 and var line ? line : rest.Length)];
        return rest.Contains(" -", StringComparison.Ordinal) || rest.ContainsAny("/$|>`") || rest.Trim().IsEmpty;
    }

    private static bool HasArguments(ReadOnlySpan<char> text, int at) => IsTyped(text, at) && at < text.Length && text[at] is ' ';
}
