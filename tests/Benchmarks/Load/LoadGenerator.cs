using System.Diagnostics;

namespace McpLedger.Benchmarks.Load;

/// <summary>A closed loop of N clients, each with one call in flight.</summary>
internal static class LoadGenerator
{
    private const string Tool = "bench";

    /// <summary>Opens the connections, warms up, measures, closes.</summary>
    public static async Task<LoadResult> RunAsync(Uri endpoint, int connections, TimeSpan warmUp, TimeSpan duration, Func<TimeSpan> cpu, Func<TimeSpan>? store = null, bool differs = false)
    {
        var template = new CallTemplate(endpoint, Tool, differs);
        LoadConnection[] clients = [.. Enumerable.Range(0, connections).Select(_ => new LoadConnection(endpoint, template))];
        try
        {
            await Task.WhenAll(clients.Select(client => client.ConnectAsync()));
            await RunAsync(clients, warmUp);
            var (cpuBefore, storeBefore) = (cpu(), store?.Invoke());
            var began = Stopwatch.GetTimestamp();
            var latencies = await RunAsync(clients, duration);
            var took = Stopwatch.GetElapsedTime(began);
            var sorted = Latencies.Merge(latencies);
            return new(sorted, took, cpu() - cpuBefore) { Store = store?.Invoke() - storeBefore };
        }
        finally
        {
            foreach (var client in clients)
            {
                client.Dispose();
            }
        }
    }

    /// <summary>Makes a number of calls, shared evenly by the connections.</summary>
    public static async Task RunCallsAsync(Uri endpoint, int connections, long calls)
    {
        var template = new CallTemplate(endpoint, Tool, differs: false);
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var client = new LoadConnection(endpoint, template);
            await client.ConnectAsync();
            await client.RunAsync(long.MaxValue, calls / connections, new());
        })));
    }

    private static async Task<Latencies[]> RunAsync(LoadConnection[] clients, TimeSpan duration)
    {
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        Latencies[] latencies = [.. clients.Select(_ => new Latencies())];
        await Task.WhenAll(clients.Zip(latencies, (client, own) => Task.Run(() => client.RunAsync(end, long.MaxValue, own))));
        return latencies;
    }
}

/// <summary>What one round of load came to.</summary>
/// <param name="SortedMilliseconds">Every latency, ascending.</param>
/// <param name="Took">Wall time.</param>
/// <param name="Cpu">CPU time of the proxy in between; zero where there is none.</param>
internal sealed record LoadResult(double[] SortedMilliseconds, TimeSpan Took, TimeSpan Cpu)
{
    /// <summary>CPU time of the store behind the proxy; null where there is none.</summary>
    public TimeSpan? Store { get; init; }

    public double? StoreMillisecondsPerCall => Store?.TotalMilliseconds / Math.Max(1, Calls);

    public int Calls => SortedMilliseconds.Length;

    public double CallsPerSecond => Calls / Took.TotalSeconds;

    public double CpuMillisecondsPerCall => Cpu.TotalMilliseconds / Math.Max(1, Calls);

    public double Percentile(double part) => Latencies.At(SortedMilliseconds, part);
}
