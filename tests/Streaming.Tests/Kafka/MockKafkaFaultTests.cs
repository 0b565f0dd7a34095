using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>What only a broker that is told to can do wrong.</summary>
public sealed class MockKafkaFaultTests : IDisposable
{
    private const short Produce = 0;
    private const int MessageTooLarge = 10;
    private const int NotEnoughReplicas = 19;
    private const int OutOfOrderSequence = 45;
    private const int InvalidProducerEpoch = 47;
    private const int Unknown = -1;

    private readonly MockCluster _cluster = new(3);

    public void Dispose() => _cluster.Dispose();

    [Theory]
    [InlineData(KafkaDurability.Quorum, OutOfOrderSequence)]
    [InlineData(KafkaDurability.Disk, OutOfOrderSequence)]
    [InlineData(KafkaDurability.Quorum, InvalidProducerEpoch)]
    [InlineData(KafkaDurability.Quorum, Unknown)]
    [InlineData(KafkaDurability.Quorum, NotEnoughReplicas)]
    [InlineData(KafkaDurability.Disk, NotEnoughReplicas)]
    public async Task A_produce_request_that_fails_costs_nothing(KafkaDurability durable, int error)
    {
        await using var ledger = Open(durable);
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger, longestDetail: 100);
        await load.MoreAsync(300);
        _cluster.FailNext(Produce, error, error);
        await load.MoreAsync(300);
        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsButForRepeatsAsync(ledger.Ledger);
    }

    [Theory]
    [InlineData(KafkaDurability.Quorum)]
    [InlineData(KafkaDurability.Disk)]
    public async Task A_leader_that_moves_and_brokers_that_go_and_come_cost_nothing(KafkaDurability durable)
    {
        await using var ledger = Open(durable);
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger, longestDetail: 100);
        for (var broker = 1; broker <= 3; broker++)
        {
            await load.MoreAsync(100);
            _cluster.Move(ledger.Options.TopicPrefix + "calls", 0, broker);
            _cluster.SetDown(broker, down: true);
            await Task.Delay(200, TestContext.Current.CancellationToken);
            _cluster.SetDown(broker, down: false);
        }

        await load.MoreAsync(100);
        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsButForRepeatsAsync(ledger.Ledger);
    }

    [Fact]
    public async Task A_cluster_that_is_gone_refuses_in_quorum_and_goes_on_by_itself_when_it_is_back()
    {
        await using var ledger = Open(KafkaDurability.Quorum);
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger, longestDetail: 100);
        await load.MoreAsync(100);
        Down(true);
        while (load.Refused == 0)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(LedgerStatus.Unavailable, ledger.Ledger.Health.Status);
        Down(false);
        await load.MoreAsync(200);
        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsButForRepeatsAsync(ledger.Ledger);
    }

    [Fact]
    public async Task A_cluster_that_is_gone_lets_calls_go_on_upon_the_disk_until_the_bound_and_takes_them_all_when_it_is_back()
    {
        await using var ledger = Open(KafkaDurability.Disk);
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger, longestDetail: 100);
        await load.MoreAsync(100);
        Down(true);
        await load.MoreAsync(1000);
        while (load.Refused == 0)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(LedgerStatus.Unavailable, ledger.Ledger.Health.Status);
        Assert.Contains("wait for the cluster", ledger.Ledger.Health.Reason, StringComparison.Ordinal);
        using var control = TemporaryLedger.Draft(LedgerLog.Control, "pin");
        Assert.Equal(AppendStatus.Unavailable, (await ledger.Ledger.AppendAsync(control, TestContext.Current.CancellationToken)).Status);
        Down(false);
        await load.MoreAsync(200);
        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsButForRepeatsAsync(ledger.Ledger);
    }

    [Fact]
    public async Task A_batch_that_the_broker_calls_too_large_is_sent_again()
    {
        await using var ledger = Open(KafkaDurability.Quorum);
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger, longestDetail: 100);
        await load.MoreAsync(100);
        _cluster.FailNext(Produce, MessageTooLarge);
        await load.MoreAsync(200);
        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsAsync(ledger.Ledger);
    }

    [Fact]
    public async Task A_partition_that_begins_while_the_producer_is_replaced_waits_for_the_new_one()
    {
        using var folder = new TemporaryFolder();
        var options = _cluster.Hold(TemporaryKafkaLedger.SmallIn(folder.Path) with { Partitions = 2 });
        await using var reader = KafkaTools.Reader(options);
        await using var producer = new RecordProducer(options, new(options, KafkaTools.Telemetry), new(reader, KafkaTools.Telemetry), 1024 * 1024, KafkaTools.Telemetry, TimeProvider.System);
        var (first, second) = (new Handed(LedgerPartition.Calls), new Handed(new LedgerPartition(LedgerLog.Calls, 1)));
        _cluster.FailNext(Produce, Unknown);
        Send(producer, producer.Begin(first.Partition, 0), first);
        await UntilAsync(() => producer.Failure is not null);

        // The old client is gone by now, and the settling of what it sent takes longer than this.
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        Send(producer, producer.Begin(second.Partition, 0), second);
        await UntilAsync(() => first.Offset >= 0 && second.Offset >= 0);
    }

    [Fact]
    public async Task A_partition_that_takes_nothing_holds_up_no_other_when_the_producer_is_replaced()
    {
        using var folder = new TemporaryFolder();
        var options = _cluster.Hold(TemporaryKafkaLedger.SmallIn(folder.Path) with { Partitions = 2, AnswerTimeout = TimeSpan.FromSeconds(1) });
        await using var reader = KafkaTools.Reader(options);
        await using var producer = new RecordProducer(options, new(options, KafkaTools.Telemetry), new(reader, KafkaTools.Telemetry), 1024 * 1024, KafkaTools.Telemetry, TimeProvider.System);
        var (first, second) = (new Handed(LedgerPartition.Calls), new Handed(new LedgerPartition(LedgerLog.Calls, 1)));
        _cluster.Move(options.TopicPrefix + "calls", 0, 1);
        _cluster.Move(options.TopicPrefix + "calls", 1, 2);
        _cluster.SetDown(2, down: true);
        Send(producer, producer.Begin(second.Partition, 0), second);
        _cluster.FailNext(Produce, Unknown);
        Send(producer, producer.Begin(first.Partition, 0), first);
        await UntilAsync(() => first.Offset >= 0);
        Assert.Equal(-1, second.Offset);
        _cluster.SetDown(2, down: false);
        await UntilAsync(() => second.Offset >= 0);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }

    private static void Send(RecordProducer producer, PartitionTrack track, UnderWay record)
    {
        lock (track.Gate)
        {
            producer.Send(track, record);
        }
    }

    private void Down(bool down)
    {
        for (var broker = 1; broker <= 3; broker++)
        {
            _cluster.SetDown(broker, down);
        }
    }

    private TemporaryKafkaLedger Open(KafkaDurability durable) => TemporaryKafkaLedger.Open(o => _cluster.Hold(o with
    {
        Durable = durable,
        Partitions = 2,
        StallAfter = TimeSpan.FromMilliseconds(500),
        Spool = o.Spool with { MaxRecords = 5000 },
    }));

    private sealed class Handed(LedgerPartition partition) : UnderWay(partition, "{}"u8.ToArray(), "test/1/" + partition, 0)
    {
        private long _offset = -1;

        public long Offset => Volatile.Read(ref _offset);

        public override void Acknowledged(long offset) => Volatile.Write(ref _offset, offset);
    }
}
