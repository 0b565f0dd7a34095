using System.Diagnostics;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

/// <summary>Not a test: prints what an append costs beside a bare fdatasync on the same disk. Run with <c>--explicit only</c>.</summary>
public sealed class AppendRates(ITestOutputHelper output)
{
    private const int RecordBytes = 2200;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    [Fact(Explicit = true)]
    public async Task Appends_per_second_and_latency_beside_a_bare_fdatasync()
    {
        using var folder = new TemporaryFolder();
        BareSync(folder.Path);
        await using var ledger = await TemporaryLedger.OpenAsync(new EmbeddedLedgerOptions { Folder = folder.Path, HeartbeatInterval = TimeSpan.Zero }, TimeProvider.System);
        await RunAsync(ledger, 16, TimeSpan.FromSeconds(2));
        foreach (var appenders in (int[])[1, 16, 64])
        {
            var (rate, took, cpu) = await RunAsync(ledger, appenders, Long);
            Print($"{appenders,3} appenders: {rate,8:F0} appends/s  p50 {Percentile(took, 0.5):F0} µs  p99 {Percentile(took, 0.99):F0} µs  max {took[^1]:F0} µs  cpu {cpu:F1} µs/append");
        }
    }

    private static double Percentile(List<double> sorted, double at) => sorted[(int)((sorted.Count - 1) * at)];

    private static async Task<(double Rate, List<double> Micros, double Cpu)> RunAsync(TemporaryLedger ledger, int appenders, TimeSpan time)
    {
        var all = new List<double>();
        var started = Stopwatch.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        await Task.WhenAll(Enumerable.Range(0, appenders).Select(_ => Task.Run(async () =>
        {
            using var draft = TemporaryLedger.Draft(LedgerLog.Calls, new string('x', RecordBytes - 500));
            var took = new List<double>();
            while (Stopwatch.GetElapsedTime(started) < time)
            {
                var at = Stopwatch.GetTimestamp();
                var appended = await ledger.Ledger.AppendAsync(draft, CancellationToken.None);
                took.Add(Stopwatch.GetElapsedTime(at).TotalMicroseconds);
                Assert.True(appended.IsDurable);
            }

            lock (all)
            {
                all.AddRange(took);
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        all.Sort();
        return (all.Count / seconds, all, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / all.Count);
    }

    private void BareSync(string folder)
    {
        const int Writes = 3000;
        var bytes = new byte[RecordBytes];
        new Random(1).NextBytes(bytes);
        using var file = File.OpenHandle(Path.Combine(folder, "bare"), FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.Write(file, new byte[Writes * RecordBytes], 0);
        DurableFile.Sync(file);
        var took = new List<double>();
        for (var i = 0; i < Writes; i++)
        {
            var at = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, bytes, i * RecordBytes);
            DurableFile.Sync(file);
            took.Add(Stopwatch.GetElapsedTime(at).TotalMicroseconds);
        }

        took.Sort();
        Print($"bare pwrite + fdatasync of {RecordBytes} bytes: p50 {Percentile(took, 0.5):F0} µs  p99 {Percentile(took, 0.99):F0} µs");
    }

    private void Print(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
