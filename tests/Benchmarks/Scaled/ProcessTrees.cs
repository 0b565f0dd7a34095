using System.Globalization;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>What Linux tells in <c>/proc</c> about processes with all their descendants, those that ended and were waited for included.</summary>
internal static class ProcessTrees
{
    private const double TicksPerSecond = 100;

    /// <summary>CPU time and resident bytes of each of these processes and what they started.</summary>
    public static (TimeSpan Cpu, long Resident)[] Of(IReadOnlyList<int> roots)
    {
        var processes = Read();
        return [.. roots.Select(root =>
        {
            var (ticks, pages) = (0L, 0L);
            var waiting = new Queue<int>([root]);
            while (waiting.TryDequeue(out var process))
            {
                if (processes.TryGetValue(process, out var found))
                {
                    (ticks, pages) = (ticks + found.Ticks, pages + found.Pages);
                }

                foreach (var (child, _) in processes.Where(p => p.Value.Parent == process))
                {
                    waiting.Enqueue(child);
                }
            }

            return (TimeSpan.FromSeconds(ticks / TicksPerSecond), pages * Environment.SystemPageSize);
        })];
    }

    private static Dictionary<int, (int Parent, long Ticks, long Pages)> Read()
    {
        var processes = new Dictionary<int, (int, long, long)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process))
            {
                continue;
            }

            try
            {
                // The name in parentheses may hold spaces: fields are counted from behind it (proc(5): utime, stime, cutime, cstime are 14 to 17, rss is 24).
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                long Number(int field) => long.Parse(fields[field - 3], CultureInfo.InvariantCulture);
                processes.Add(process, ((int)Number(4), Number(14) + Number(15) + Number(16) + Number(17), Number(24)));
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return processes;
    }
}
