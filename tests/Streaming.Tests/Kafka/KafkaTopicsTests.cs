using Confluent.Kafka;
using Confluent.Kafka.Admin;
using McpLedger.Contracts.Events;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class KafkaTopicsTests(KafkaBroker broker)
{
    [Theory]
    [InlineData("message.timestamp.type", "LogAppendTime", "CreateTime")]
    [InlineData("cleanup.policy", "delete", "compact")]
    public async Task A_setting_that_drifted_is_an_event_and_a_degraded_health(string setting, string made, string found)
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap! };
        EventId id;
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            id = ledger.Ledger.Identity.Ledger;
        }

        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build())
        {
            await admin.IncrementalAlterConfigsAsync(new()
            {
                [new() { Type = ResourceType.Topic, Name = options.TopicPrefix + "calls" }] = [new() { Name = setting, Value = found, IncrementalOperation = AlterConfigOpType.Set }],
            });
        }

        await using var drifted = TemporaryKafkaLedger.Open(options);
        await drifted.UntilAsync(() => drifted.Ledger.Health.Status == LedgerStatus.Degraded);
        Assert.Contains($"{setting} is {found}, not {made}", drifted.Ledger.Health.Reason, StringComparison.Ordinal);
        Assert.Equal(id, drifted.Ledger.Identity.Ledger);

        // A compacted topic takes none of our records, which have no key: the calls topic never settles.
        LedgerDrifted[] said;
        while ((said = await DriftsAsync(drifted)).Length == 0)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal(new LedgerDrifted(options.TopicPrefix + "calls", setting, made, found), Assert.Single(said));
    }

    [Fact]
    public async Task Another_number_of_partitions_is_refused_and_says_what_to_do()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, Durable = Streaming.Kafka.KafkaDurability.Quorum };
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
        }

        await using var other = TemporaryKafkaLedger.Open(options with { Partitions = 3 });
        Assert.Equal(LedgerStatus.Unavailable, other.Ledger.Health.Status);
        Assert.Contains("has 1 partitions and the ledger 3. Fix:", other.Ledger.Health.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partitions_that_were_added_under_an_open_ledger_are_a_drift_that_hides_no_other_and_nobody_works_on_them()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap!, VerifyInterval = TimeSpan.FromMilliseconds(500) });
        await ledger.ReadyAsync();
        var calls = ledger.Options.TopicPrefix + "calls";
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build())
        {
            await admin.CreatePartitionsAsync([new() { Topic = calls, IncreaseTo = 3 }]);
            await admin.IncrementalAlterConfigsAsync(new()
            {
                [new() { Type = ResourceType.Topic, Name = calls }] = [new() { Name = "retention.bytes", Value = "1000000", IncrementalOperation = AlterConfigOpType.Set }],
            });
        }

        await ledger.UntilAsync(() => ledger.Ledger.Health.Status == LedgerStatus.Degraded);
        LedgerDrifted[] said;
        while ((said = await DriftsAsync(ledger)).Length < 2)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal([new LedgerDrifted(calls, "partitions", "1", "3"), new(calls, "retention.bytes", "-1", "1000000")], said.OrderBy(static d => d.Setting, StringComparer.Ordinal));
        Assert.True((await ledger.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.IsDurable);

        var worked = new System.Collections.Concurrent.ConcurrentDictionary<LedgerPartition, bool>();
        var member = new Streaming.Kafka.PartitionAssignments(ledger.Options, "test", async (partition, cancellationToken) =>
        {
            worked[partition] = true;
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }, TimeSpan.FromSeconds(10), KafkaTools.Telemetry, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = member.RunAsync(stop.Token);
        await ledger.UntilAsync(() => worked.ContainsKey(LedgerPartition.Calls) && worked.ContainsKey(LedgerPartition.Control));
        await stop.CancelAsync();
        await running;
        Assert.Equal(2, worked.Count);
    }

    [Theory]
    [InlineData(Streaming.Kafka.KafkaDurability.Quorum)]
    [InlineData(Streaming.Kafka.KafkaDurability.Disk)]
    public async Task A_topic_that_takes_longer_records_again_gets_them_without_a_restart(Streaming.Kafka.KafkaDurability durable)
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, Durable = durable, VerifyInterval = TimeSpan.FromMilliseconds(500) };
        await using (var made = TemporaryKafkaLedger.Open(options))
        {
            await made.ReadyAsync();
        }

        await AlterAsync("20000");
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Degraded, Reason: { } said } && said.Contains("max.message.bytes", StringComparison.Ordinal));
        Assert.Equal(AppendStatus.TooLarge, await AppendAsync());
        await AlterAsync($"{Streaming.Kafka.KafkaTopics.LongestBatch(options)}");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        while (await AppendAsync() != AppendStatus.Durable)
        {
            await Task.Delay(50, patience.Token);
        }

        await ledger.ReadyAsync();
        await ledger.SettledAsync();

        async Task<AppendStatus> AppendAsync() => (await ledger.AppendAsync("session-1", new('x', 50_000), TestContext.Current.CancellationToken)).Appended.Status;

        async Task AlterAsync(string longest)
        {
            using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
            await admin.IncrementalAlterConfigsAsync(new()
            {
                [new() { Type = ResourceType.Topic, Name = options.TopicPrefix + "calls" }] = [new() { Name = "max.message.bytes", Value = longest, IncrementalOperation = AlterConfigOpType.Set }],
            });
        }
    }

    private static async Task<LedgerDrifted[]> DriftsAsync(TemporaryKafkaLedger ledger) =>
    [
        .. (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0))
            .Select(static r => EventReader.TryRead(r.Bytes.Span, out var read, out _) ? read!.Data : null).OfType<LedgerDrifted>(),
    ];
}
