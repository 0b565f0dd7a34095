using System.Diagnostics;
using McpLedger.Contracts.Events;
using McpLedger.Stages.Verification;

namespace McpLedger.Benchmarks.Pipeline;

/// <summary><c>./bench.sh sealer</c> and <c>./bench.sh verifier</c>: events a second and core, over a ledger of made calls.</summary>
internal static class IntegrityVerb
{
    private const double Target = 100_000;
    private const int WarmingCalls = 50_000;

    public static async Task<int> RunAsync(Options options)
    {
        await WarmAsync();
        using var scratch = Scratch.Make();
        var calls = options.Number("calls", 200_000);
        var (origin, bytes) = await MadeLedger.WriteAsync(scratch.Path, calls);
        Console.WriteLine($"{2 * calls} events of {bytes / (2.0 * calls):0} bytes on average");

        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var leaves = await MadeLedger.SealAsync(scratch.Path, origin);
        Print("sealer", leaves, Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - cpu);

        (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var report = Verify(scratch.Path);
        var records = report.Partitions.Single(partition => partition.Partition == LedgerPartition.Calls).Records;
        Print("verifier", records, Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - cpu);
        if (!report.IsSound && report.Findings.Any(finding => finding.Partition == LedgerPartition.Calls))
        {
            Console.WriteLine($"the verifier found faults in a sound ledger: {report.Findings[0]}");
            return 1;
        }

        return 0;
    }

    // What a program compiles in its first seconds is no part of what an event costs.
    private static async Task WarmAsync()
    {
        using var scratch = Scratch.Make();
        var (origin, _) = await MadeLedger.WriteAsync(scratch.Path, WarmingCalls);
        await MadeLedger.SealAsync(scratch.Path, origin);
        Verify(scratch.Path);
    }

    private static VerificationReport Verify(string folder) =>
        new LedgerVerification(new() { Folder = folder, Trusted = [MadeLedger.KeyOf(folder)] }, TimeProvider.System).VerifyAll(new Unheard(), CancellationToken.None);

    private static void Print(string name, long events, TimeSpan took, TimeSpan cpu)
    {
        var perCore = events / cpu.TotalSeconds;
        Console.WriteLine($"{name,-9} {events} events in {took.TotalSeconds:0.0} s: {events / took.TotalSeconds:0} /s, {perCore:0} /s and core of CPU time; target 100 k /s and core {(perCore >= Target ? "reached" : "missed")}");
    }

    private sealed class Unheard : IProgress<VerificationProgress>
    {
        public void Report(VerificationProgress value)
        {
            // The figures come at the end.
        }
    }
}
