using System.Buffers;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>PowerShell told to hide, to decode, to harm, to make a program of a text, or to run what it fetches.</summary>
internal static class PowerShellShapes
{
    private const int LongestName = 16;

    private static readonly SearchValues<string> Openings = SearchValues.Create(
        ["powershell", "pwsh", "invoke-expression", "iex(", "iex (", "downloadstring(", "[scriptblock]::create(", "-outfile "], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Hiding = SearchValues.Create(
        [" -enc", " -e ", " -ec ", " -encodedcommand", "-windowstyle hidden", "-w hidden", "-nop", "bypass", "iex", "invoke-expression", "downloadstring", "frombase64string"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Commands = SearchValues.Create([" -c ", " -command ", " /c ", " /command "], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Harmful = SearchValues.Create(
        ["remove-item", "invoke-webrequest", "invoke-restmethod", "iwr ", "irm ", "start-bitstransfer", "net.webclient", "start-process", "set-executionpolicy", "stop-process", "stop-service", "stop-computer", "restart-computer",
         "set-mppreference", "add-mppreference", "register-scheduledtask", "new-localuser", "clear-eventlog", "format-volume"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Fetching = SearchValues.Create(["invoke-webrequest", "invoke-restmethod", "iwr ", "irm ", "curl ", "wget "], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> Starting = SearchValues.Create(["start-process", "invoke-item", "saps ", "; & ", ";& ", "; .\\", ";.\\", "cmd /c", "msiexec"], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> text, SanitizeFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Openings) is >= 0 and var hit;)
        {
            at += hit;
            var command = text[at..ShellLine.End(text, at)];
            if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]))
            {
                at += 2;
            }
            else if (command[0] == '-')
            {
                at += Fetched(text, at, command, found);
            }
            else if (Runs(command))
            {
                found.Add(SanitizeKind.PowerShell, SanitizeSeverity.High, at, command.Length);
                at += command.Length;
            }
            else
            {
                at += 3;
            }
        }
    }

    private static bool Runs(ReadOnlySpan<char> command) =>
        command[0] == '[' || (command[0] is 'p' or 'P' ? IsTold(command) : command.ContainsAny("($") && (command.ContainsAny(Hiding) || command.Contains('$')));

    // The program itself, with what it is told.
    private static bool IsTold(ReadOnlySpan<char> command)
    {
        var i = command.IndexOf(' ');
        if (i is <= 0 or >= LongestName || command[i..].TrimStart() is not ['-' or '/', ..])
        {
            return false;
        }

        if (command.ContainsAny(Hiding))
        {
            return true;
        }

        if (command.IndexOfAny(Commands) is not (>= 0 and var option))
        {
            return false;
        }

        var told = command[(option + 3)..];
        told = told[(told.IndexOf(' ') + 1)..].TrimStart(" \"'&{(");
        var at = 0;
        var first = ShellCommands.WordAt(told, ref at);
        return told.ContainsAny(Harmful) || (ShellCommands.IsHarmful(first) && !ShellCommands.IsInterpreter(first));
    }

    /// <summary>At the file that something is fetched into: run on the same line it is no mere download.</summary>
    private static int Fetched(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> rest, SanitizeFindings found)
    {
        const int Option = 9;
        var line = ShellLine.Before(text, at);
        var file = rest[Option..].TrimStart(" \"'");
        var after = file.IndexOfAny(" \"';") is > 0 and var end ? file[end..] : default;
        file = file[..^after.Length];
        file = file[(file.LastIndexOfAny('/', '\\') + 1)..];
        if (after.IsEmpty || file.IsEmpty || !line.ContainsAny(Fetching) || !after.ContainsAny(Starting) || !after.Contains(file, StringComparison.OrdinalIgnoreCase))
        {
            return Option;
        }

        found.Add(SanitizeKind.PowerShell, SanitizeSeverity.High, at - line.Length, line.Length + rest.Length);
        return rest.Length;
    }
}
