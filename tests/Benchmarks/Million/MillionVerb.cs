using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Million;

/// <summary><c>./bench.sh million</c>: a million calls through the whole scaled-out topology, counted and hashed at every stage.</summary>
internal static class MillionVerb
{
    public static async Task<int> RunAsync(Options options)
    {
        using var scratch = Scratch.Make();
        using var ending = new Ending(options);
        var plan = new TopologyPlan(options.Number("brokers", 1), options.Value("durable") ?? "disk", options.Number("partitions", 4));
        await using var topology = await Topology.StartAsync(plan, Path.Combine(scratch.Path, "topology"));
        Console.WriteLine($"2 gateways, {plan.Brokers} broker(s), PostgreSQL, OpenSearch on {Environment.ProcessorCount} cores; durable: {plan.Durable}, {plan.Partitions} partitions");
        return await new MillionRun(topology, options.Number("calls", 1_000_000), options.Number("callers", 16), options.Number("rate", 200)).RunAsync(ending.Token) ? 0 : 1;
    }
}
