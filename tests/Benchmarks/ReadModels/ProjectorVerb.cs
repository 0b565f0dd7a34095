using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary><c>./bench.sh projector</c>: events a second and core into SQLite, all read models and the full-text index; <c>--home marten</c>: into PostgreSQL.</summary>
internal static class ProjectorVerb
{
    private const double Target = 10_000;

    public static Task<int> RunAsync(Options options) => options.Value("home") == "marten" ? MartenProjector.RunAsync(options) : EmbeddedAsync(options);

    private static async Task<int> EmbeddedAsync(Options options)
    {
        using var scratch = Scratch.Make();
        using (var warm = ProjectionHome.Open(Path.Combine(scratch.Path, "warm"), TimeProvider.System))
        {
            await Projector.FoldAsync(warm, scratch.Path, Projector.WarmingCalls, _ => { });
        }

        using var home = ProjectionHome.Open(Path.Combine(scratch.Path, "readmodels"), TimeProvider.System);
        var result = await Projector.FoldAsync(home, scratch.Path, options.Number("calls", 100_000), _ => { });
        Console.WriteLine(
            $"projector {result.Events} events of {result.Bytes / (double)result.Events:0} bytes in {result.Took.TotalSeconds:0.0} s: {result.PerSecond:0} /s, {result.PerSecondAndCore:0} /s and core of CPU time; target 10 k /s and core {(result.PerSecondAndCore >= Target ? "reached" : "missed")}");
        return 0;
    }
}
