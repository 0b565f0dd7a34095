using McpLedger.Contracts.Events;
using McpLedger.Streaming.Parking;

namespace McpLedger.Streaming.Tests.Parking;

/// <summary>What every place for parked records promises.</summary>
public abstract class ParkingLotTests
{
    private static readonly LedgerRecord Record = new(LedgerPartition.Calls, 7, "not even JSON"u8.ToArray());

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_parked_can_be_listed_taken_and_forgotten()
    {
        await using var rented = await RentAsync();
        var lot = rented.Lot;
        Assert.Empty(await lot.ListAsync(Cancelled));
        await lot.ParkAsync("calls", Record, "first", Cancelled);
        await lot.ParkAsync("calls", Record, "a \"better\" reason", Cancelled);
        await lot.ParkAsync("other", Record with { Partition = LedgerPartition.Control }, "x", Cancelled);
        var listed = await lot.ListAsync(Cancelled);
        Assert.Equal(["calls", "other"], listed.Select(p => p.Consumer));
        var parked = listed[0];
        Assert.Equal((LedgerPartition.Calls, 7L, "a \"better\" reason"), (parked.Partition, parked.Offset, parked.Reason));
        var taken = await lot.TakeAsync(parked, Cancelled);
        Assert.Equal((Record.Partition, Record.Offset), (taken.Partition, taken.Offset));
        Assert.Equal(Record.Bytes.ToArray(), taken.Bytes.ToArray());
        await lot.ForgetAsync(parked, Cancelled);
        Assert.Equal("other", Assert.Single(await lot.ListAsync(Cancelled)).Consumer);
        await lot.ParkAsync("calls", Record, "again", Cancelled);
        Assert.Equal("again", (await lot.ListAsync(Cancelled))[0].Reason);
    }

    [Fact]
    public async Task Other_bytes_than_those_that_were_parked_are_not_handed_out()
    {
        await using var rented = await RentAsync();
        await rented.Lot.ParkAsync("calls", Record, "x", Cancelled);
        var parked = Assert.Single(await rented.Lot.ListAsync(Cancelled));
        await rented.Lot.ForgetAsync(parked, Cancelled);
        await Assert.ThrowsAnyAsync<IOException>(async () => await rented.Lot.TakeAsync(parked, Cancelled));
    }

    /// <summary>An empty place, or a skipped test.</summary>
    private protected abstract Task<Rented> RentAsync();

    private protected sealed record Rented(IParkingLot Lot, Func<ValueTask> End) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => End();
    }
}
