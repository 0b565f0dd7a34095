using System.Globalization;
using System.Text.Json;
using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Faults;

/// <summary><c>./bench.sh faults</c>: the table of faults.</summary>
internal static class FaultsVerb
{
    private const int ShownFaults = 20;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> RunAsync(Options options)
    {
        using var scratch = Scratch.Make();
        var wanted = options.Value("of")?.Split(',');
        var rows = new List<FaultRow>();
        var notes = new List<string>();
        foreach (var durable in options.Value("durable")?.Split(',') ?? ["disk", "quorum"])
        {
            Fault[] faults = [.. AllFaults.List.Where(f => wanted is null ? f.OfBrokers || durable == "disk" : wanted.Contains(f.Name))];
            await RunAsync(new(Brokers: 3, durable, Partitions: 4) { ForFaults = true }, Path.Combine(scratch.Path, durable), faults, options, rows, notes);
        }

        Print(rows, notes);
        if (options.Value("json") is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows, Json) + "\n");
        }

        return rows.All(r => r.Wrong == 0) ? 0 : 1;
    }

    private static async Task RunAsync(TopologyPlan plan, string folder, Fault[] faults, Options options, List<FaultRow> rows, List<string> notes)
    {
        await using var topology = await Topology.StartAsync(plan, folder);
        await using var run = new FaultRun(topology, options.Number("callers", 4));
        using var ending = new Ending(options);
        var possible = faults.Where(f => f.Lacks(topology) is null).ToArray();
        notes.AddRange(faults.Except(possible).Select(f => $"{f.Name} ({plan.Durable}) was left out: {f.Lacks(topology)}"));
        var rounds = possible.ToDictionary(f => f, _ => new List<FaultRound>());

        // Each in turn, so that a run that is cut short has seen all of them.
        for (var round = 0; round < options.Number("times", 10); round++)
        {
            foreach (var fault in possible)
            {
                if (ending.Token.IsCancellationRequested)
                {
                    break;
                }

                await fault.PrepareAsync(topology);
                rounds[fault].Add(await run.RunAsync(fault, round));
                await fault.EndAsync(topology);
                await SayAsync(fault, plan.Durable, round, rounds[fault][^1]);
            }
        }

        rows.AddRange(rounds.Where(r => r.Value.Count > 0).Select(r => new FaultRow(r.Key.Name, r.Key.What, plan.Durable, r.Value)));
        notes.AddRange((await run.RebuildAsync()).Select(f => $"{plan.Durable}: {f}"));
    }

    private static Task SayAsync(Fault fault, string durable, int round, FaultRound came)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{fault.Name} ({durable}) {round + 1}: answered {came.Answered}, refused {came.Refused}, broken {came.Broken}, silence {came.Silence:0.0} s, recovered {came.Recovered:0.0} s, wrong {came.Wrong.Count}{(came.Disturbed ? "; the machine stood still" : "")}");
        return Console.Error.WriteLineAsync(string.Join("\n  WRONG ", [text, .. came.Wrong.Take(ShownFaults)]));
    }

    private static void Print(IReadOnlyList<FaultRow> rows, IReadOnlyList<string> notes)
    {
        Console.WriteLine("| fault | durable | times, timed | answered | refused | broken off | longest silence p50 / max s | recovered p50 / max s | wrong |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var row in rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {row.What} | {row.Durable} | {row.Times}, {row.Timed} | {row.Answered} | {row.Refused} | {row.Broken} | {row.MedianSilence:0.0} / {row.LongestSilence:0.0} | {row.MedianRecovered:0.0} / {row.LongestRecovered:0.0} | {row.Wrong} |"));
        }

        foreach (var note in notes.Concat(rows.SelectMany(r => r.Rounds.SelectMany(x => x.Wrong.Select(w => $"WRONG {r.Fault} ({r.Durable}): {w}"))).Take(ShownFaults)))
        {
            Console.WriteLine(note);
        }
    }
}
