using System.Diagnostics;
using McpLedger.Benchmarks.Contenders;
using McpLedger.Benchmarks.Pipeline;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Search;
using McpLedger.Projections.Search.Elastic;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Search;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary><c>./bench.sh index</c>: events a second and core of this process into Elasticsearch and OpenSearch, the engine's own CPU beside it, and the query mix over what they then hold.</summary>
internal static class IndexVerb
{
    private const double Target = 8_000;
    private const int CallsAtOnce = 1250;

    public static async Task<int> RunAsync(Options options)
    {
        var calls = options.Number("calls", 100_000);
        var rounds = options.Number("rounds", 20);
        foreach (var engine in Enum.GetValues<SearchEngine>().Where(e => options.Value("of") is not { } of || of == LocalSearch.NameOf(e)).Reverse())
        {
            if (LocalSearch.Program(engine) is null)
            {
                Console.WriteLine($"{engine}: no folder shared/servers/{LocalSearch.NameOf(engine)} lies beside the checkout");
                continue;
            }

            await using var server = await LocalSearch.StartAsync(engine, password: null);
            await MeasureAsync(engine, server, calls, rounds);
        }

        return 0;
    }

    private static async Task MeasureAsync(SearchEngine engine, LocalSearch server, int calls, int rounds)
    {
        using var scratch = Scratch.Make();
        await using var ledger = await TemporaryLedger.OpenAsync(MadeLedger.OptionsIn(Path.Combine(scratch.Path, "empty")), TimeProvider.System);
        await using var services = new ServiceCollection().AddLogging()
            .AddSingleton<ILedgerReader>(ledger.Ledger).AddSingleton<IBlobStore>(new BlobFolder(scratch.Path)).AddSingleton<IParkingLot>(new ParkingFolder(scratch.Path, TimeProvider.System))
            .AddElasticIndex(new() { Nodes = [server.Address], Prefix = "bench", Replicas = 0 })
            .BuildServiceProvider();
        var handler = services.GetRequiredService<ElasticHandler>();
        var index = services.GetRequiredService<IEventIndex>();
        await handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None);
        var last = await FillAsync(engine, server, handler, calls);
        await services.GetRequiredService<ElasticClient>().PostAsync("bench/_refresh", default, CancellationToken.None);
        var time = new FakeTimeProvider(last);
        await QueryTiming.RunAsync(last, rounds, async request => await index.SearchAsync(
            SearchPlan.Of(request, time.GetUtcNow()).Value ?? throw new InvalidOperationException($"{request.Query} is no query."), CancellationToken.None));
    }

    private static async Task<DateTimeOffset> FillAsync(SearchEngine engine, LocalSearch server, ElasticHandler handler, int calls)
    {
        var made = new MadeRecords();
        var (took, cpu, engineCpu) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        for (var done = 0; done < calls; done += CallsAtOnce)
        {
            var records = made.Take(Math.Min(CallsAtOnce, calls - done));
            var (began, cpuBefore, engineBefore) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, ProcessFigures.CpuOfTree(server.Id));
            await handler.HandleAsync(new(LedgerPartition.Calls, records, made.Next), CancellationToken.None);
            took += Stopwatch.GetElapsedTime(began);
            cpu += Environment.CpuUsage.TotalTime - cpuBefore;
            engineCpu += ProcessFigures.CpuOfTree(server.Id) - engineBefore;
        }

        var perCore = made.Next / cpu.TotalSeconds;
        Console.WriteLine(
            $"{engine} {made.Next} events of {made.Bytes / (double)made.Next:0} bytes in {took.TotalSeconds:0.0} s: {made.Next / took.TotalSeconds:0} /s, {perCore:0} /s and core of our CPU time, "
            + $"{made.Next / engineCpu.TotalSeconds:0} /s and core of the engine's; target {Target / 1000:0} k /s and core of ours {(perCore >= Target ? "reached" : "missed")}");
        return made.Last;
    }
}
