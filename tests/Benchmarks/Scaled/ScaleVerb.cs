using System.Diagnostics;
using System.Globalization;
using McpLedger.Benchmarks.Pipeline;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// <c>./bench.sh scale</c>: what it costs to take made calls that lie in Kafka into the read models, the index and the seals, by partitions and by how many there are.
/// The CPU time of our processes is what they took above a start on an empty ledger.
/// </summary>
internal static class ScaleVerb
{
    private const int EventsOfCall = 2;
    private const double Target = 8_000;
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(Options options)
    {
        var (partitions, events) = (options.Numbers("partitions") ?? [1, 2, 4, 8], options.Numbers("events") ?? [10_000, 100_000, 1_000_000]);
        var middle = events[events.Length / 2];
        var empty = await MeasureAsync(partitions[0], 0, default);
        Console.WriteLine($"an empty start: pipeline {empty.Pipeline.TotalSeconds:0.0} s, projections {empty.Projections.TotalSeconds:0.0} s of CPU time");
        Console.WriteLine("| partitions | events | known everywhere after s | events/s | events/s and core of ours | projections µs | pipeline µs | broker µs | PostgreSQL µs | OpenSearch µs | projections MiB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var (share, count) in partitions.Select(p => (p, middle)).Concat(events.Where(e => e != middle).Select(e => (partitions[^1], e))))
        {
            Print(share, count, await MeasureAsync(share, count, empty));
        }

        return 0;
    }

    private static async Task<Cost> MeasureAsync(int partitions, int events, Cost empty)
    {
        using var scratch = Scratch.Make();
        await using var topology = await Topology.StartWithoutRolesAsync(new(Brokers: 1, "quorum", partitions), Path.Combine(scratch.Path, "topology"));
        await FillAsync(topology, events / EventsOfCall);
        await using var stores = new StoredViews(topology);
        var (before, began) = (TopologyFigures.Take(topology), Stopwatch.GetTimestamp());
        await topology.StartFollowersAsync();
        if (await new Convergence(topology, stores, new(stores.Reader)).WaitAsync(Lag, Patience, static ended => throw new InvalidOperationException(ended)) is { } why)
        {
            throw new InvalidOperationException(why);
        }

        var took = Stopwatch.GetElapsedTime(began);
        await Task.Delay(Settled);
        var after = TopologyFigures.Take(topology);
        return new(
            took,
            after.Since("projections", before) - empty.Projections,
            after.Since("pipeline", before) - empty.Pipeline,
            after.Since("broker-1", before) - empty.Broker,
            after.Since("postgres", before) - empty.Postgres,
            after.Since("opensearch", before) - empty.Search,
            after.ResidentOf("projections"));
    }

    private static async Task FillAsync(Topology topology, int calls)
    {
        await using var ledger = TemporaryKafkaLedger.Open(new KafkaLedgerOptions
        {
            Folder = Path.Combine(topology.Folder, "writer"),
            Bootstrap = topology.Kafka.Bootstrap,
            TopicPrefix = "mcpledger.",
            Instance = "writer",
            Partitions = topology.Plan.Partitions,
            Replication = 1,
            MinInSync = 1,
            Durable = KafkaDurability.Quorum,
            HeartbeatInterval = TimeSpan.Zero,
        });
        await ledger.ReadyAsync();
        await MadeLedger.FillAsync(ledger.Ledger, calls);
        await ledger.SettledAsync();
    }

    private static void Print(int partitions, int events, Cost cost)
    {
        double Micros(TimeSpan time) => time.TotalMicroseconds / events;
        var perCore = events / (cost.Projections + cost.Pipeline).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {partitions} | {events} | {cost.Took.TotalSeconds:0.0} | {events / cost.Took.TotalSeconds:0} | {perCore:0} {(perCore >= Target ? "reached" : "missed")} | {Micros(cost.Projections):0} | {Micros(cost.Pipeline):0} | {Micros(cost.Broker):0} | {Micros(cost.Postgres):0} | {Micros(cost.Search):0} | {cost.Resident / 1048576} |"));
    }

    private readonly record struct Cost(TimeSpan Took, TimeSpan Projections, TimeSpan Pipeline, TimeSpan Broker, TimeSpan Postgres, TimeSpan Search, long Resident);
}
