namespace McpLedger.Benchmarks.Crash;

/// <summary><c>./bench.sh crash</c>: the figures of a crash run.</summary>
internal static class CrashVerb
{
    private const int ShownFaults = 20;

    public static async Task<int> RunAsync(Options options)
    {
        using var scratch = Scratch.Make();
        var seed = options.Number("seed", Random.Shared.Next(1_000_000));
        var report = await new CrashRun(options.Number("kills", 50), options.Number("connections", 16), seed).RunAsync(scratch.Path);
        Console.WriteLine($"kill -9 at {report.Kills} random moments under load (seed {report.Seed})");
        Console.WriteLine($"  answers received whole        {report.Answered + report.Refused}, of them refusals {report.Refused}");
        Console.WriteLine($"  calls in the ledger           {report.Calls} in {report.Records} records; {report.Unresolved} without an outcome (in flight at a kill)");
        Console.WriteLine($"  longest start after a kill    {report.LongestRestart:0.0} s");
        Console.WriteLine($"  answers without their events, broken chains or trees, calls counted twice: {report.Faults.Count}");
        foreach (var fault in report.Faults.Take(ShownFaults))
        {
            Console.WriteLine($"  FAULT {fault}");
        }

        return report.Faults.Count == 0 ? 0 : 1;
    }
}
