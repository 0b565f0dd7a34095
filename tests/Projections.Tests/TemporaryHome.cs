using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming;
using McpLedger.Streaming.Parking;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Projections.Tests;

/// <summary>Read models in a folder of their own, which goes with them.</summary>
internal sealed class TemporaryHome : IDisposable
{
    public TemporaryHome()
    {
        Folder = Path.Combine(Path.GetTempPath(), "mcpledger-projections-" + Path.GetRandomFileName());
        Home = ProjectionHome.Open(Folder, Time);
    }

    public string Folder { get; }

    public FakeTimeProvider Time { get; } = new(Given.Start.AddDays(1));

    public ProjectionHome Home { get; }

    public ParkingFolder Parking => new(Folder, Time);

    public LedgerQueries Queries(MemoryLedger ledger) => Home.Queries(ledger, Time);

    public async Task FoldAsync(MemoryLedger ledger, int batchBytes = 20_000)
    {
        foreach (var partition in ledger.Partitions)
        {
            await FoldAsync(ledger, partition, batchBytes);
        }
    }

    /// <summary>Rebuilds as the command line does while nothing else runs.</summary>
    public async Task<RebuildReport> RebuildAsync(MemoryLedger ledger) => await ProjectionRebuild.RunAsync(Home, ledger, ledger, Parking, Time, CancellationToken.None);

    /// <summary>Writes noise over all pages but the first ones.</summary>
    public void Spoil()
    {
        using (var other = SqliteDatabase.Open(Home.Writer!.Path, write: true))
        {
            other.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        using var file = new FileStream(Home.Writer.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var noise = new byte[8192];
        Array.Fill(noise, (byte)0xA5);
        for (file.Position = 2 * noise.Length; file.Position < file.Length;)
        {
            file.Write(noise);
        }
    }

    /// <summary>What keeps this home in the product.</summary>
    public ProjectionHandler Handler(MemoryLedger ledger) => Handler(ledger, ledger, TimeSpan.Zero);

    public ProjectionHandler Handler(MemoryLedger ledger, IBlobStore blobs, TimeSpan patience) => new(Home, ledger, blobs, patience, Time, new(new Meters(), NullLogger<ProjectionTelemetry>.Instance));

    /// <summary>Folds calls from an offset on, as a home does that begins after retention.</summary>
    public async Task FoldFromAsync(MemoryLedger ledger, long calls)
    {
        await Home.Writer!.ApplyAsync(LedgerPartition.Calls, [], calls, ledger, CancellationToken.None);
        await FoldAsync(ledger);
    }

    public async Task FoldAsync(MemoryLedger ledger, LedgerPartition partition, int batchBytes)
    {
        while (true)
        {
            var batch = await ledger.ReadAsync(partition, Home.Writer!.NextOf(partition), batchBytes, CancellationToken.None);
            if (batch.Records.Count == 0)
            {
                return;
            }

            await Home.Writer.ApplyAsync(partition, batch.Records, batch.Next, ledger, CancellationToken.None);
        }
    }

    public void Dispose()
    {
        Home.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
