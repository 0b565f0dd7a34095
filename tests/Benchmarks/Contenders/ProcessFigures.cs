using System.Globalization;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>What Linux tells about processes in <c>/proc</c>.</summary>
internal static class ProcessFigures
{
    // sysconf(_SC_CLK_TCK) has been 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>CPU time of a process and of its direct children (nginx works in those).</summary>
    public static TimeSpan CpuOfTree(int process)
    {
        var ticks = Ticks(process);
        var children = $"/proc/{process}/task/{process}/children";
        if (File.Exists(children))
        {
            ticks += File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(child => Ticks(int.Parse(child, CultureInfo.InvariantCulture)));
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    /// <summary>Resident memory, bytes.</summary>
    public static long Resident(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static long Ticks(int process)
    {
        try
        {
            // The name in parentheses may hold spaces: fields are counted from behind it (proc(5): utime is 14, stime 15).
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
