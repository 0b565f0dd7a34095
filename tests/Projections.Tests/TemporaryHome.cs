using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;
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

    public LedgerQueries Queries(MemoryLedger ledger) => Home.Queries(ledger, Time);

    public async Task FoldAsync(MemoryLedger ledger, int batchBytes = 20_000)
    {
        foreach (var partition in ledger.Partitions)
        {
            await FoldAsync(ledger, partition, batchBytes);
        }
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
}
