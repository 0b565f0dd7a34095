using McpLedger.Benchmarks.Contenders;
using McpLedger.Benchmarks.Load;

namespace McpLedger.Benchmarks.Proxying;

/// <summary>
/// All contenders in alternating rounds: what the machine does meanwhile (a noisy neighbour, a warm cache) hits each of them alike,
/// and ratios are taken inside a round.
/// </summary>
internal sealed class ProxyBenchmark(ProxyPlan plan)
{
    public async Task<IReadOnlyList<ProxyRow>> RunAsync(Lineup lineup)
    {
        var rows = new List<ProxyRow>();
        await WarmAsync(lineup);
        foreach (var transport in plan.Transports)
        {
            foreach (var connections in plan.Connections)
            {
                var rounds = new List<Dictionary<string, LoadResult>>();
                for (var round = 0; round < plan.Rounds; round++)
                {
                    rounds.Add(await RoundAsync(lineup, transport, connections));
                }

                rows.AddRange(lineup.Contenders.Select(contender => Row(contender, transport, connections, rounds)));
                Console.Error.WriteLine($"  {transport}, {connections} connections: {plan.Rounds} rounds done");
            }
        }

        return rows;
    }

    private async Task WarmAsync(Lineup lineup)
    {
        foreach (var contender in lineup.Contenders)
        {
            foreach (var transport in plan.Transports)
            {
                await LoadGenerator.RunAsync(contender.Endpoint(transport), 16, TimeSpan.Zero, plan.FirstWarmUp, contender.Cpu, store: null, plan.Differs);
            }
        }
    }

    private async Task<Dictionary<string, LoadResult>> RoundAsync(Lineup lineup, string transport, int connections)
    {
        var results = new Dictionary<string, LoadResult>();
        foreach (var contender in lineup.Contenders)
        {
            results[contender.Name] = await LoadGenerator.RunAsync(contender.Endpoint(transport), connections, plan.WarmUp, plan.Duration, contender.Cpu, contender.Store, plan.Differs);
        }

        return results;
    }

    private static ProxyRow Row(Contender contender, string transport, int connections, List<Dictionary<string, LoadResult>> rounds)
    {
        double Of(Func<LoadResult, double> figure) => Median(rounds.Select(round => figure(round[contender.Name])));
        double? Ratio(string other) => rounds[0].ContainsKey(other) ? Median(rounds.Select(round => round[contender.Name].CallsPerSecond / round[other].CallsPerSecond)) : null;
        return new()
        {
            Contender = contender.Name,
            Connections = connections,
            Transport = transport,
            Rps = Of(result => result.CallsPerSecond),
            P50Ms = Of(result => result.Percentile(0.50)),
            P95Ms = Of(result => result.Percentile(0.95)),
            P99Ms = Of(result => result.Percentile(0.99)),
            CpuMsPerRequest = contender.IsProxy ? Of(result => result.CpuMillisecondsPerCall) : null,
            StoreCpuMsPerRequest = contender.Store is null ? null : Of(result => result.StoreMillisecondsPerCall ?? 0),
            RatioToBareYarp = Ratio(Lineup.BareYarp),
            RatioToNginx = Ratio(Lineup.Nginx),
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

/// <summary>How much is measured.</summary>
internal sealed record ProxyPlan
{
    public required int Rounds { get; init; }

    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Before the first round, for every contender and transport: the JIT's tiers.</summary>
    public required TimeSpan FirstWarmUp { get; init; }

    public IReadOnlyList<int> Connections { get; init; } = [1, 16, 64];

    public IReadOnlyList<string> Transports { get; init; } = ["json", "sse"];

    /// <summary>Whether no two calls have the same arguments.</summary>
    public bool Differs { get; init; }

    /// <summary>About eleven minutes.</summary>
    public static ProxyPlan Full { get; } = new() { Rounds = 5, WarmUp = TimeSpan.FromSeconds(0.5), Duration = TimeSpan.FromSeconds(3.5), FirstWarmUp = TimeSpan.FromSeconds(4) };

    /// <summary>About two minutes.</summary>
    public static ProxyPlan Quick { get; } = new() { Rounds = 3, WarmUp = TimeSpan.FromSeconds(0.2), Duration = TimeSpan.FromSeconds(0.8), FirstWarmUp = TimeSpan.FromSeconds(2) };
}
