using System.Diagnostics;
using McpLedger.Benchmarks.Pipeline;
using McpLedger.Projections;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Search;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary><c>./bench.sh search</c>: a mix of queries over five million calls, a page of results and facets with histogram timed apart.</summary>
internal static class SearchVerb
{
    private const double PageTargetMs = 100;
    private const double SummaryTargetMs = 500;

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
        Console.WriteLine($"{"query",-52} {"hits",5} {"page p50",9} {"p95 ms",8} {"summary p50",12} {"p95 ms",8} basis");
        var (pages, summaries) = (new List<double>(), new List<double>());
        foreach (var query in QueryMix.Of(last))
        {
            var (page, shown) = await TimeAsync(queries, query with { Summary = false }, rounds);
            var (summary, summed) = await TimeAsync(queries, query, rounds);
            Console.WriteLine(
                $"{query.Query,-52} {shown.Hits.Count,5} {At(page, 0.5),9:0.0} {At(page, 0.95),8:0.0} {At(summary, 0.5),12:0.0} {At(summary, 0.95),8:0.0} {summed.Summary!.Basis} {summed.Summary.Total}");
            pages.AddRange(page);
            summaries.AddRange(summary);
        }

        double[] allPages = [.. pages.Order()], allSummaries = [.. summaries.Order()];
        Judge("a page of results, p95", At(allPages, 0.95), PageTargetMs);
        Judge("a page with facets and histogram, p95", At(allSummaries, 0.95), SummaryTargetMs);
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

    private static async Task<(double[] SortedMs, SearchPage Page)> TimeAsync(LedgerQueries queries, SearchRequest request, int rounds)
    {
        var times = new double[rounds];
        SearchPage? page = null;
        for (var round = 0; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await queries.SearchAsync(request, CancellationToken.None);
            times[round] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            page = answer.Value ?? throw new InvalidOperationException($"{request.Query}: {answer.Fault!.Detail}");
        }

        Array.Sort(times);
        return (times, page!);
    }

    private static double At(double[] sorted, double part) => sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))];

    private static void Judge(string what, double milliseconds, double target) =>
        Console.WriteLine($"{(milliseconds <= target ? "reached" : "missed "),-8} {what} ≤ {target:0} ms: {milliseconds:0.0} ms");
}
