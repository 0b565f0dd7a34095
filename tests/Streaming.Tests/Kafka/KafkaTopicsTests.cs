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

    private static async Task<LedgerDrifted[]> DriftsAsync(TemporaryKafkaLedger ledger) =>
    [
        .. (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0))
            .Select(static r => EventReader.TryRead(r.Bytes.Span, out var read, out _) ? read!.Data : null).OfType<LedgerDrifted>(),
    ];
}
