using System.Diagnostics;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Streaming;
using McpLedger.Testing.Postgres;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary>Folds made calls into PostgreSQL: partitions beside one another, the daemon behind them, until its views know the last event.</summary>
internal static class MartenProjector
{
    private const int BatchBytes = 4 * 1024 * 1024;
    private const double Target = 8_000;

    public static async Task<int> RunAsync(Options options)
    {
        if (LocalPostgres.Missing is { } missing)
        {
            Console.WriteLine($"projector --home marten was not run: {missing}");
            return 0;
        }

        var partitions = options.Number("partitions", 1);
        var records = Made(options.Number("calls", 100_000), partitions);
        var (events, bytes) = (records.Sum(p => (long)p.Count), records.Sum(p => p.Sum(r => (long)r.Bytes.Length)));
        await using var postgres = await LocalPostgres.StartAsync();
        var home = new MartenHomeOptions { ConnectionString = await postgres.NewDatabaseAsync("bench") };
        await using (var schema = new MartenSchema(home))
        {
            await schema.ApplyAsync(CancellationToken.None);
        }

        await using var stores = new MartenStores(home);
        var writer = new MartenWriter(stores);

        await FoldAsync(stores, writer, Side.Green, Made(Projector.WarmingCalls, partitions));
        var (began, cpu, stores0) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, Cpu(postgres.Id));
        var appended = await FoldAsync(stores, writer, Side.Blue, records);
        var (took, ours, theirs) = (Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - cpu, Cpu(postgres.Id) - stores0);
        var perCore = events / ours.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"projector --home marten: {events} events of {bytes / (double)events:0} bytes on {partitions} partitions in {appended.TotalSeconds:0.0} s, views across sessions after {took.TotalSeconds:0.0} s: {events / took.TotalSeconds:0} /s, {perCore:0} /s and core of our CPU ({ours.TotalMicroseconds / events:0} µs an event); PostgreSQL {theirs.TotalMicroseconds / events:0} µs an event; target 8 k /s and core {(perCore >= Target ? "reached" : "missed")}"));
        return 0;
    }

    /// <returns>When all was appended; the views across sessions have followed when this returns.</returns>
    private static async Task<TimeSpan> FoldAsync(MartenStores stores, MartenWriter writer, Side side, List<LedgerRecord>[] records)
    {
        var began = Stopwatch.GetTimestamp();
        await using var daemon = await MartenDaemon.StartAsync(stores, side);
        await Task.WhenAll(records.Select(async share =>
        {
            foreach (var batch in Batches(share))
            {
                await writer.ApplyAsync(side, batch[0].Partition, batch, batch[^1].Offset + 1, CancellationToken.None);
            }
        }));
        var appended = Stopwatch.GetElapsedTime(began);
        await daemon.CatchUpAsync(TimeProvider.System, CancellationToken.None);
        return appended;
    }

    private static List<LedgerRecord>[] Made(int calls, int partitions)
    {
        var made = new MadeRecords();
        var shares = Enumerable.Range(0, partitions).Select(_ => new List<LedgerRecord>()).ToArray();
        for (var done = 0; done < calls; done += 1_000)
        {
            foreach (var record in made.Take(Math.Min(1_000, calls - done)))
            {
                var session = EventReader.TryRead(record.Bytes.Span, out var read, out _) ? Traffic.Of(read!.Data)!.Value.Where.Session.Id : "";
                var partition = PartitionChoice.Of(LedgerLog.Calls, session, partitions);
                shares[partition.Number].Add(record with { Partition = partition });
            }
        }

        return shares;
    }

    private static IEnumerable<List<LedgerRecord>> Batches(List<LedgerRecord> records)
    {
        var batch = new List<LedgerRecord>();
        var bytes = 0;
        foreach (var record in records)
        {
            if (bytes + record.Bytes.Length > BatchBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(record);
            bytes += record.Bytes.Length;
        }

        yield return batch;
    }

    // Of the server, those that serve connections, and those that did.
    private static TimeSpan Cpu(int server)
    {
        long ticks = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                var fields = File.ReadAllText(Path.Combine(folder, "stat"));
                var rest = fields[(fields.LastIndexOf(')') + 2)..].Split(' ');
                if (Path.GetFileName(folder) == server.ToString(CultureInfo.InvariantCulture) || rest[1] == server.ToString(CultureInfo.InvariantCulture))
                {
                    ticks += rest[11..15].Sum(t => long.Parse(t, CultureInfo.InvariantCulture));
                }
            }
            catch (IOException)
            {
                // It ended meanwhile; the server has its time.
            }
        }

        return TimeSpan.FromMilliseconds(10 * ticks);
    }
}
