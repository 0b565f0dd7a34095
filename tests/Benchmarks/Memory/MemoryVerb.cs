using System.Diagnostics;
using McpLedger.Benchmarks.Contenders;
using McpLedger.Benchmarks.Load;

namespace McpLedger.Benchmarks.Memory;

/// <summary><c>./bench.sh memory</c>: resident memory of the proxy over a million calls, sampled every twentieth of them.</summary>
internal static class MemoryVerb
{
    private const int Samples = 20;

    // Over the last three quarters of the run memory may grow by a tenth and still be called flat: the collector keeps what it has once been given.
    private const double Tolerance = 1.10;

    public static async Task<int> RunAsync(Options options)
    {
        using var scratch = Scratch.Make();
        var calls = options.Number("calls", 1_000_000);
        var connections = options.Number("connections", 16);
        var name = options.Value("of") ?? Lineup.Strict;
        await using var lineup = await Lineup.StartAsync(new HashSet<string> { name }, scratch.Path);
        var contender = lineup.Contenders.Single();
        Console.WriteLine($"{calls} calls to {name} over {connections} connections, answered as JSON");
        Console.WriteLine($"{"calls",10} {"RSS MiB",9} {"calls/s",9}");
        var resident = new List<double>();
        var endpoint = contender.Endpoint("json");
        for (var sample = 1; sample <= Samples; sample++)
        {
            var began = Stopwatch.GetTimestamp();
            await LoadGenerator.RunCallsAsync(endpoint, connections, calls / Samples);
            resident.Add(contender.Resident() / (1024.0 * 1024.0));
            Console.WriteLine($"{(long)calls * sample / Samples,10} {resident[^1],9:0.0} {calls / Samples / Stopwatch.GetElapsedTime(began).TotalSeconds,9:0}");
        }

        var early = resident.Skip(Samples / 4).Take(Samples / 4).Max();
        var late = resident.TakeLast(Samples / 4).Max();
        var flat = late <= early * Tolerance;
        Console.WriteLine($"{(flat ? "reached" : "missed "),-8} memory flat: at most {early:0.0} MiB in the second quarter, {late:0.0} MiB in the last ({late / early:0.00} ×)");
        return flat ? 0 : 1;
    }
}
