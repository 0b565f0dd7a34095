using System.Diagnostics;
using McpLedger.Benchmarks.Load;
using McpLedger.Projections.Search;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary>Times the mix of queries over whichever index answers it, and prints a line for each.</summary>
internal static class QueryTiming
{
    private const double PageTargetMs = 100;
    private const double SummaryTargetMs = 500;

    public static async Task RunAsync(DateTimeOffset last, int rounds, Func<SearchRequest, ValueTask<SearchPage>> ask)
    {
        Console.WriteLine($"{"query",-52} {"hits",5} {"page p50",9} {"p95 ms",8} {"summary p50",12} {"p95 ms",8} basis");
        var (pages, summaries) = (new List<double>(), new List<double>());
        foreach (var query in QueryMix.Of(last))
        {
            var (page, shown) = await TimeAsync(ask, query with { Summary = false }, rounds);
            var (summary, summed) = await TimeAsync(ask, query, rounds);
            Console.WriteLine(
                $"{query.Query,-52} {shown.Hits.Count,5} {Latencies.At(page, 0.5),9:0.0} {Latencies.At(page, 0.95),8:0.0} {Latencies.At(summary, 0.5),12:0.0} {Latencies.At(summary, 0.95),8:0.0} {summed.Summary!.Basis} {summed.Summary.Total}");
            pages.AddRange(page);
            summaries.AddRange(summary);
        }

        double[] allPages = [.. pages.Order()], allSummaries = [.. summaries.Order()];
        Judge("a page of results", allPages, PageTargetMs);
        Judge("a page with facets and histogram", allSummaries, SummaryTargetMs);
    }

    private static async Task<(double[] SortedMs, SearchPage Page)> TimeAsync(Func<SearchRequest, ValueTask<SearchPage>> ask, SearchRequest request, int rounds)
    {
        var times = new double[rounds];
        SearchPage? page = null;
        for (var round = 0; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            page = await ask(request);
            times[round] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(times);
        return (times, page!);
    }

    private static void Judge(string what, double[] sorted, double target) =>
        Console.WriteLine($"{(Latencies.At(sorted, 0.95) <= target ? "reached" : "missed "),-8} {what}, p95 ≤ {target:0} ms: {Latencies.At(sorted, 0.95):0.0} ms (p50 {Latencies.At(sorted, 0.5):0.0} ms)");
}
