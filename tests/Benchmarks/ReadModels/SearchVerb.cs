using McpLedger.Benchmarks.Pipeline;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary><c>./bench.sh search</c>: a mix of queries over five million calls, a page of results and facets with histogram timed apart.</summary>
internal static class SearchVerb
{
    public static async Task<int> RunAsync(Options options)
    {
        var calls = options.Number("calls", 5_000_000);
        var rounds = options.Number("rounds", 20);

        // Filling takes minutes: a folder that was filled with as many calls before is taken again.
        var folder = options.Value("folder");
        using var scratch = Scratch.Make();
        folder ??= scratch.Path;
        using var home = ProjectionHome.Open(Path.Combine(folder, "readmodels"), TimeProvider.System);
        var last = await FillAsync(home, folder, calls);
        await using var ledger = await TemporaryLedger.OpenAsync(MadeLedger.OptionsIn(Path.Combine(scratch.Path, "empty")), TimeProvider.System);
        var queries = home.Queries(ledger.Ledger, new FakeTimeProvider(last));
        Console.WriteLine($"{calls} calls, {2 * calls} events; {rounds} rounds of the mix, each query once with and once without facets and histogram");
        await QueryTiming.RunAsync(last, rounds, async request =>
            (await queries.SearchAsync(request, CancellationToken.None)).Value ?? throw new InvalidOperationException($"{request.Query} is no query."));
        return 0;
    }

    private static async Task<DateTimeOffset> FillAsync(ProjectionHome home, string folder, long calls)
    {
        var last = MadeLedger.Begin + (MadeCalls.Spacing * (calls - 1));
        if (home.Writer!.NextOf(Contracts.Events.LedgerPartition.Calls) >= 2 * calls)
        {
            return last;
        }

        var result = await Projector.FoldAsync(home, folder, calls, done =>
        {
            if (done % 250_000 == 0)
            {
                Console.Error.WriteLine($"  {done} calls folded");
            }
        });
        Console.WriteLine($"folded at {result.PerSecond:0} events/s, {result.PerSecondAndCore:0} /s and core of CPU time");
        return last;
    }
}
