using System.Globalization;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>What Linux tells about processes in <c>/proc</c>.</summary>
internal static class ProcessFigures
{
    // sysconf(_SC_CLK_TCK) has been 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>CPU time of a process and of its direct children (nginx works in those, and Elasticsearch in one that a thread of its launcher starts).</summary>
    public static TimeSpan CpuOfTree(int process)
    {
        var tasks = $"/proc/{process}/task";
        var children = Directory.Exists(tasks) ? Directory.EnumerateDirectories(tasks).SelectMany(task => ChildrenOf(Path.Combine(task, "children"))) : [];
        return TimeSpan.FromSeconds((Ticks(process) + children.Sum(Ticks)) / TicksPerSecond);
    }

    /// <summary>Resident memory, bytes.</summary>
    public static long Resident(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static IEnumerable<int> ChildrenOf(string file)
    {
        try
        {
            return File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return [];
        }
    }

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
