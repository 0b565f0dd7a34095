using System.Globalization;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>What tells a process from a later one with the same id: ids are given out again.</summary>
public static class ProcessStart
{
    /// <summary>When a process started, in clock ticks since the machine did, which no setting of the clock moves (proc(5), stat, field 22); null when it is gone. Linux only.</summary>
    public static string? Of(int processId)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));

            // The program's name stands in parentheses and may hold anything, so fields are counted from the last one: state is field 3.
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
