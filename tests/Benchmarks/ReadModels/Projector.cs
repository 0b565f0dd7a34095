using System.Diagnostics;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming.Blobs;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary>Folds made calls into the embedded home; only the folding is timed, not the making.</summary>
internal static class Projector
{
    /// <summary>Folded elsewhere first: what a program compiles in its first seconds is no part of what an event costs.</summary>
    public const int WarmingCalls = 20_000;

    // As many as the consumer folds in one transaction of 4 MiB.
    private const int CallsAtOnce = 1250;

    public static async Task<ProjectorResult> FoldAsync(ProjectionHome home, string folder, long calls, Action<long> progress)
    {
        var made = new MadeRecords();
        var blobs = new BlobFolder(folder);
        var (took, cpu) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var done = 0L; done < calls; done += CallsAtOnce)
        {
            var records = made.Take((int)Math.Min(CallsAtOnce, calls - done));
            var (began, cpuBefore) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            await home.Writer!.ApplyAsync(LedgerPartition.Calls, records, made.Next, blobs, CancellationToken.None);
            took += Stopwatch.GetElapsedTime(began);
            cpu += Environment.CpuUsage.TotalTime - cpuBefore;
            progress(done + CallsAtOnce);
        }

        return new(made.Next, made.Bytes, took, cpu, made.Last);
    }
}

/// <summary>What folding came to.</summary>
internal sealed record ProjectorResult(long Events, long Bytes, TimeSpan Took, TimeSpan Cpu, DateTimeOffset Last)
{
    public double PerSecond => Events / Took.TotalSeconds;

    public double PerSecondAndCore => Events / Cpu.TotalSeconds;
}
