using System.Diagnostics;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;

namespace McpLedger.Stages.Verification;

/// <summary>What sealing and verifying cost, for the benchmark: processor and wall time per record, on one thread.</summary>
internal static class IntegrityMeasure
{
    private const int BatchRecords = 4096;
    private const string Prefix = "bench.example/mcpledger/00000000";

    /// <summary>Seals records that are given from memory, tiles and states on disk.</summary>
    public static Rate Seal(string folder, IReadOnlyList<LedgerRecord> records)
    {
        using var keys = SigningKeyStore.Open(new() { Folder = folder, OriginPrefix = Prefix, Source = "/sealer/bench/1" }, [LedgerPartition.Calls]);
        var sealer = PartitionSealer.Open(
            LedgerPartition.Calls, Prefix, new(Path.Combine(folder, "tiles"), static _ => { }), new(Path.Combine(folder, "sealer"), static _ => { }), keys, 0, out var refusal)
            ?? throw new InvalidOperationException(refusal);
        return Measure(records.Count, records.Sum(static r => (long)r.Bytes.Length), () =>
        {
            foreach (var batch in records.Chunk(BatchRecords))
            {
                sealer.Accept(batch);
                if (sealer.Pending >= 4 * BatchRecords)
                {
                    sealer.Commit(0);
                }
            }

            sealer.Commit(0);
        });
    }

    /// <summary>Verifies a whole data folder.</summary>
    public static (Rate Rate, VerificationReport Report) Verify(string folder, VerifierKey key)
    {
        VerificationReport? report = null;
        var before = Measure(1, 1, () => report = new LedgerVerification(new() { Folder = folder, Trusted = [key] }, TimeProvider.System).VerifyAll(new Progress<VerificationProgress>(), CancellationToken.None));
        return (before with { Records = report!.Partitions.Sum(static p => p.Records), Bytes = report.Partitions.Sum(static p => p.Bytes) }, report);
    }

    private static Rate Measure(long records, long bytes, Action act)
    {
        var (cpu, wall) = (Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
        act();
        return new(records, bytes, Process.GetCurrentProcess().TotalProcessorTime - cpu, Stopwatch.GetElapsedTime(wall));
    }

    /// <summary>A measured rate.</summary>
    internal readonly record struct Rate(long Records, long Bytes, TimeSpan Processor, TimeSpan Wall)
    {
        public double PerCore => Records / Processor.TotalSeconds;

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Records} records of {Bytes / Math.Max(1, Records)} bytes: {PerCore:F0} /s/core, {Records / Wall.TotalSeconds:F0} /s on the wall, {Bytes / Wall.TotalSeconds / 1e6:F0} MB/s");
    }
}
