using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Kafka;
using McpLedger.Streaming.Tests.Parking;
using McpLedger.Testing.Kafka;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class ParkingTopicTests(KafkaBroker broker) : ParkingLotTests
{
    [Fact]
    public async Task What_one_process_parked_another_lists_and_the_longest_record_fits()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap! });
        await ledger.ReadyAsync();
        await using var one = new ParkingTopic(ledger.Options, KafkaTools.Telemetry, TimeProvider.System);
        await using var other = new ParkingTopic(ledger.Options, KafkaTools.Telemetry, TimeProvider.System);
        var longest = new LedgerRecord(LedgerPartition.Calls, 1, new byte[ledger.Options.MaxRecordBytes]);
        await one.ParkAsync("calls", longest, new string('r', 100_000), TestContext.Current.CancellationToken);
        var parked = Assert.Single(await other.ListAsync(TestContext.Current.CancellationToken));
        Assert.Equal(longest.Bytes.Length, (await other.TakeAsync(parked, TestContext.Current.CancellationToken)).Bytes.Length);
        Assert.Equal(4096, parked.Reason.Length);
    }

    [Fact]
    public async Task However_many_are_replayed_the_topic_is_read_once()
    {
        const int Records = 40;
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap! });
        await ledger.ReadyAsync();
        await using var one = new ParkingTopic(ledger.Options, KafkaTools.Telemetry, TimeProvider.System);
        await using var other = new ParkingTopic(ledger.Options, KafkaTools.Telemetry, TimeProvider.System);
        for (var i = 0; i < Records; i++)
        {
            await one.ParkAsync("calls", new(LedgerPartition.Calls, i, new byte[100 + i]), "why", TestContext.Current.CancellationToken);
        }

        var parked = await other.ListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Records, parked.Count);
        foreach (var (record, i) in parked.Select(static (p, i) => (p, i)))
        {
            Assert.Equal(100 + i, (await other.TakeAsync(record, TestContext.Current.CancellationToken)).Bytes.Length);
            await other.ForgetAsync(record, TestContext.Current.CancellationToken);
        }

        // What was parked, once to list it and once to take it, and that it is parked no more.
        Assert.InRange(other.RecordsRead, Records, 3 * Records);
        Assert.Empty(await other.ListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await one.ListAsync(TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<IOException>(async () => await one.TakeAsync(parked[0], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Bytes_that_are_no_parked_record_are_none()
    {
        var bytes = "x"u8.ToArray();
        var record = new ParkedPiece(new("calls", LedgerPartition.Calls, 7, DateTimeOffset.UnixEpoch, Digest.Of(bytes), "why"), bytes, IsForgotten: false).Write();
        Assert.Equal("why", ParkedPiece.Read(record)!.Value.Said.Reason);
        for (var at = 0; at < record.Length - 1; at++)
        {
            Assert.Null(ParkedPiece.Read(record.AsMemory(0, at)));
        }

        record[8] ^= 1;
        Assert.Null(ParkedPiece.Read(record));
    }

    private protected override async Task<Rented> RentAsync()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap! });
        await ledger.ReadyAsync();
        var lot = new ParkingTopic(ledger.Options, KafkaTools.Telemetry, TimeProvider.System);
        return new(lot, async () =>
        {
            await lot.DisposeAsync();
            await ledger.DisposeAsync();
        });
    }
}
