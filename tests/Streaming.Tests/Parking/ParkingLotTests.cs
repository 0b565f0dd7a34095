using McpLedger.Contracts.Events;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Parking;

public sealed class ParkingLotTests
{
    private static readonly LedgerRecord Record = new(LedgerPartition.Calls, 7, "not even JSON"u8.ToArray());

    [Fact]
    public void What_is_parked_can_be_listed_taken_and_forgotten()
    {
        using var folder = new TemporaryFolder();
        var lot = new ParkingLot(folder.Path, TimeProvider.System);
        Assert.Empty(lot.List());
        lot.Park("calls", Record, "first");
        lot.Park("calls", Record, "a \"better\" reason");
        lot.Park("other", Record with { Partition = LedgerPartition.Control }, "x");
        var parked = Assert.Single(lot.ListOf("calls"));
        Assert.Equal(("calls", LedgerPartition.Calls, 7L, "a \"better\" reason"), (parked.Consumer, parked.Partition, parked.Offset, parked.Reason));
        Assert.Equal(Record.Bytes.ToArray(), lot.Take(parked).Bytes.ToArray());
        Assert.Equal(2, lot.List().Count);
        lot.Forget(parked);
        Assert.Equal("other", Assert.Single(lot.List()).Consumer);
    }

    [Fact]
    public void Parked_bytes_that_were_altered_are_not_replayed()
    {
        using var folder = new TemporaryFolder();
        var lot = new ParkingLot(folder.Path, TimeProvider.System);
        lot.Park("calls", Record, "x");
        var file = Directory.EnumerateFiles(folder.Path, "*.record", SearchOption.AllDirectories).Single();
        File.AppendAllText(file, "!");
        Assert.Throws<IOException>(() => lot.Take(lot.List()[0]));
    }
}
