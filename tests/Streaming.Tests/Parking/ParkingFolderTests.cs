using McpLedger.Contracts.Events;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Parking;

public sealed class ParkingFolderTests : ParkingLotTests
{
    [Fact]
    public async Task Parked_bytes_that_were_altered_are_not_replayed()
    {
        using var folder = new TemporaryFolder();
        var lot = new ParkingFolder(folder.Path, TimeProvider.System);
        await lot.ParkAsync("calls", new(LedgerPartition.Calls, 7, "x"u8.ToArray()), "x", CancellationToken.None);
        var file = Directory.EnumerateFiles(folder.Path, "*.record", SearchOption.AllDirectories).Single();
        File.AppendAllText(file, "!");
        var parked = Assert.Single(await lot.ListAsync(CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await lot.TakeAsync(parked, CancellationToken.None));
    }

    private protected override Task<Rented> RentAsync()
    {
        var folder = new TemporaryFolder();
        return Task.FromResult(new Rented(new ParkingFolder(folder.Path, TimeProvider.System), () =>
        {
            folder.Dispose();
            return ValueTask.CompletedTask;
        }));
    }
}
