using System.Globalization;
using System.Text;
using System.Text.Json;
using McpLedger.Benchmarks.Contenders;

namespace McpLedger.Benchmarks.Proxying;

/// <summary><c>./bench.sh</c>: the contenders, their table, the targets.</summary>
internal static class ProxyVerb
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static async Task<int> RunAsync(Options options)
    {
        var plan = options.Has("quick") ? ProxyPlan.Quick : ProxyPlan.Full;
        plan = plan with
        {
            Rounds = options.Number("rounds", plan.Rounds),
            Connections = options.Numbers("connections") ?? plan.Connections,
            Transports = options.Value("transports")?.Split(',') ?? plan.Transports,
            FirstWarmUp = TimeSpan.FromSeconds(options.Number("warm", (int)plan.FirstWarmUp.TotalSeconds)),
        };
        var isScreened = options.Value("scenario") is "screened";
        var data = isScreened ? options.Required("data", "the folder that has dev/*.jsonl.gz") : options.Value("data");
        if (isScreened)
        {
            plan = plan with { Connections = [16], Transports = ["texts"], Differs = true };
        }

        HashSet<string> contenders = [.. options.Value("contenders")?.Split(',') ?? (isScreened ? [Lineup.BareYarp, Lineup.Strict, Lineup.Screened] : [Lineup.Direct, Lineup.Nginx, Lineup.BareYarp, Lineup.Strict, Lineup.Off, Lineup.Up])];
        using var scratch = Scratch.Make();
        var sync = DiskSync.Measure(scratch.Path, 500);
        await using var lineup = await Lineup.StartAsync(contenders, scratch.Path, data);
        var rows = await new ProxyBenchmark(plan).RunAsync(lineup);
        Print(rows, lineup.Missing, sync);
        foreach (var contender in lineup.Contenders.Where(contender => contender.Figures is not null))
        {
            using var client = new HttpClient();
            Console.WriteLine($"{contender.Name}: {Encoding.UTF8.GetString(await client.GetByteArrayAsync(contender.Figures))}");
        }

        if (options.Value("json") is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows, Json) + "\n");
        }

        return 0;
    }

    private static void Print(IReadOnlyList<ProxyRow> rows, List<string> missing, double[] sync)
    {
        Console.WriteLine($"tools/call of 250 B arguments and 1 KiB result; {Environment.ProcessorCount} CPUs shared by load, upstream and proxy; medians over rounds");
        Console.WriteLine($"{"answer",-6} {"conns",5} {"contender",-22} {"rps",9} {"p50 ms",8} {"p95 ms",8} {"p99 ms",8} {"CPU ms/req",10} {"store's",8} {"× bare YARP",11} {"× nginx",8}");
        foreach (var row in rows)
        {
            Console.WriteLine(
                $"{row.Transport,-6} {row.Connections,5} {row.Contender,-22} {row.Rps,9:0} {row.P50Ms,8:0.000} {row.P95Ms,8:0.000} {row.P99Ms,8:0.000} {Text(row.CpuMsPerRequest, "0.000"),10} {Text(row.StoreCpuMsPerRequest, "0.000"),8} {Text(row.RatioToBareYarp, "0.00"),11} {Text(row.RatioToNginx, "0.00"),8}");
        }

        foreach (var reason in missing)
        {
            Console.WriteLine($"left out: {reason}");
        }

        Console.WriteLine($"fdatasync of 4 KiB on the ledger's disk: p50 {sync[sync.Length / 2]:0.000} ms, p95 {sync[sync.Length * 95 / 100]:0.000} ms, p99 {sync[sync.Length * 99 / 100]:0.000} ms");
        foreach (var (target, reached) in ProxyTargets.Judge(rows, sync[sync.Length / 2]))
        {
            Console.WriteLine($"{(reached ? "reached" : "missed "),-8} {target}");
        }
    }

    private static string Text(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";
}
