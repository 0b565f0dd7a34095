using System.Diagnostics;
using McpLedger.Benchmarks.Proxying;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Benchmarks.Pipeline;

/// <summary><c>./bench.sh ledger</c>: how many events a second become durable, by how many wait at once.</summary>
internal static class AppendVerb
{
    public static async Task<int> RunAsync(Options options)
    {
        using var scratch = Scratch.Make();
        var seconds = options.Number("seconds", 4);
        var sync = DiskSync.Measure(scratch.Path, 300);
        Console.WriteLine($"events of about 1.5 KiB, each waited for until it is durable; fdatasync p50 {sync[sync.Length / 2]:0.000} ms");
        Console.WriteLine($"{"waiters",7} {"events/s",10} {"p50 ms",8} {"p99 ms",8} {"CPU µs/event",13}");
        foreach (var waiters in new[] { 1, 16, 64, 256, 1024 })
        {
            await using var ledger = await TemporaryLedger.OpenAsync(MadeLedger.OptionsIn(Path.Combine(scratch.Path, $"w{waiters}")), TimeProvider.System);
            var end = Stopwatch.GetTimestamp() + (seconds * Stopwatch.Frequency);
            var cpu = Environment.CpuUsage.TotalTime;
            var began = Stopwatch.GetTimestamp();
            var latencies = await Task.WhenAll(Enumerable.Range(0, waiters).Select(waiter => Task.Run(() => AppendUntilAsync(ledger, waiter, end))));
            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var sorted = Load.Latencies.Merge(latencies);
            Console.WriteLine(
                $"{waiters,7} {sorted.Length / took,10:0} {sorted[sorted.Length / 2],8:0.000} {sorted[sorted.Length * 99L / 100],8:0.000} {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / sorted.Length,13:0.0}");
        }

        return 0;
    }

    private static async Task<Load.Latencies> AppendUntilAsync(TemporaryLedger ledger, int seed, long end)
    {
        var made = new MadeCalls(seed, MadeLedger.Begin);
        var latencies = new Load.Latencies();
        var (intended, _, time) = made.Next();
        for (var at = Stopwatch.GetTimestamp(); at < end;)
        {
            using var draft = MadeCalls.Draft(intended, time, "bench", "bench");
            var appended = await ledger.Ledger.AppendAsync(draft, CancellationToken.None);
            var now = Stopwatch.GetTimestamp();
            if (!appended.IsDurable)
            {
                throw new InvalidOperationException($"The ledger took no event: {appended.Status}.");
            }

            latencies.Add(now - at);
            at = now;
        }

        return latencies;
    }
}
