using System.Diagnostics;
using System.Globalization;
using McpLedger.Benchmarks.Load;
using McpLedger.Benchmarks.Scaled;
using McpLedger.Contracts.Events;

namespace McpLedger.Benchmarks.Million;

/// <summary>Many calls through everything real, as fast as what is computed from the log follows, and then every stage held against every other.</summary>
internal sealed class MillionRun(Topology topology, long calls, int callers, double firstRate)
{
    private const double MostBehind = 1.0;
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public async Task<bool> RunAsync(CancellationToken early)
    {
        await using var stores = new StoredViews(topology);
        var log = new LoggedCalls(stores.Reader);
        var (ids, clock, pace) = (new CallIds(calls), new AnswerClock(), new Pace(firstRate));
        var endpoint = new Uri(topology.Address, $"/s/{Topology.Server}/mcp");
        var call = new SessionCall(endpoint, topology.Key);
        SessionClient[] load = [.. Enumerable.Range(0, callers).Select(_ => new SessionClient(endpoint, call, ids, clock, pace.TurnAsync))];
        using var stalls = new StallWatch();
        using var probe = new SearchProbe(topology, ids, stalls);
        var (before, began) = (TopologyFigures.Take(topology), Stopwatch.GetTimestamp());
        var running = Task.WhenAll([.. load.Select(c => Task.Run(() => c.RunAsync(early), CancellationToken.None)), Task.Run(() => probe.RunAsync(ProbeEvery, early), CancellationToken.None)]);
        await WatchAsync(running, stores, log, pace, before, () => load.Sum(c => c.Answered.Count) + probe.Answered.Count, probe);
        var took = Stopwatch.GetElapsedTime(began) - stalls.Total;
        var known = await CaughtUpAsync(stores, log);
        var after = TopologyFigures.Take(topology);
        var answered = load.SelectMany(c => c.Answered).Concat(probe.Answered).ToArray();
        Say($"{answered.Length} calls answered in {took.TotalSeconds:0} s{(stalls.Count > 0 ? $", {stalls.Total.TotalSeconds:0} s in which the machine stood still left out" : "")} ({answered.Length / took.TotalSeconds:0} /s), refused {load.Sum(c => c.Refused)}, broken off {load.Sum(c => c.Broken)}; known everywhere {known.TotalSeconds:0.0} s after the last");
        var latencies = Latencies.Merge(load.Select(c => c.Latencies));
        Say($"  latency through the balancer p50 {Latencies.At(latencies, 0.5):0.0} ms, p95 {Latencies.At(latencies, 0.95):0.0} ms, p99 {Latencies.At(latencies, 0.99):0.0} ms");
        double[] found = [.. probe.Seconds.Order()];
        Say($"  searchable after the answer: {found.Length} probes, p50 {Latencies.At(found, 0.5):0.00} s, p95 {Latencies.At(found, 0.95):0.00} s, max {Latencies.At(found, 1):0.00} s, not found {probe.NotFound}; target p95 ≤ 2 s {(Latencies.At(found, 0.95) <= 2 && probe.NotFound == 0 ? "reached" : "missed")}");
        Say($"  CPU a call and memory at the end: {after.Line(before, answered.Length)}");
        return await new StageComparison(topology, stores, log).RunAsync(answered, ids.Last) && probe.NotFound == 0;
    }

    private static void Say(string line) => Console.WriteLine(line);

    private async Task WatchAsync(Task running, StoredViews stores, LoggedCalls log, Pace pace, TopologyFigures before, Func<int> answered, SearchProbe probe)
    {
        var (began, said) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(LookEvery));
            var behind = await BehindAsync(stores, log);
            pace.Adapt(behind <= 2 * pace.PerSecond * MostBehind);
            if (Stopwatch.GetElapsedTime(said) > SayEvery)
            {
                said = Stopwatch.GetTimestamp();
                var last = probe.Seconds.TakeLast(20).Order().ToArray();
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {answered()} answered, {pace.PerSecond:0} /s, {behind} events behind, searchable p95 {Latencies.At(last, 0.95):0.0} s; {TopologyFigures.Take(topology).Line(before, answered())}"));
            }
        }

        await running;
    }

    private static async Task<long> BehindAsync(StoredViews stores, LoggedCalls log)
    {
        var ends = await log.EndsAsync();
        long Behind(IReadOnlyDictionary<LedgerPartition, long> at) => ends.Sum(e => Math.Max(0, e.Value - at[e.Key]));
        return Math.Max(Behind(await stores.ViewPositionsAsync()), Behind(await stores.IndexPositionsAsync()));
    }

    private async Task<TimeSpan> CaughtUpAsync(StoredViews stores, LoggedCalls log)
    {
        var began = Stopwatch.GetTimestamp();
        var why = await new Convergence(topology, stores, log).WaitAsync(TimeSpan.FromSeconds(2), Patience, static ended => throw new InvalidOperationException(ended));
        return why is null ? Stopwatch.GetElapsedTime(began) : throw new InvalidOperationException(why);
    }
}
