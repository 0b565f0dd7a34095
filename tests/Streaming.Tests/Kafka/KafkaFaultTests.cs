using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Real brokers, real kills and stops, a real full disk. Each test has a cluster of its own, because it breaks it.</summary>
public sealed class KafkaFaultTests
{
    [Theory]
    [InlineData(KafkaDurability.Quorum)]
    [InlineData(KafkaDurability.Disk)]
    public async Task A_broker_that_is_killed_and_stopped_under_load_costs_nothing(KafkaDurability durable)
    {
        Assert.SkipWhen(LocalKafka.Program is null, "No local distribution of Kafka: no folder shared/servers/kafka lies beside the checkout.");
        await using var kafka = await LocalKafka.StartAsync(1, folder: null, settings: "");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = kafka.Bootstrap, Durable = durable, Partitions = 2 });
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger);
        await load.MoreAsync(500);
        await kafka.KillAsync(0);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await kafka.StartAsync(0);
        await load.MoreAsync(500);
        kafka.Pause(0);
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        kafka.Resume(0);
        await load.MoreAsync(500);
        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsAsync(ledger.Ledger);
        Assert.Equal(LedgerStatus.Ready, ledger.Ledger.Health.Status);
    }

    [Fact]
    public async Task Three_brokers_lose_one_after_the_other_and_no_record()
    {
        Assert.SkipWhen(LocalKafka.Program is null, "No local distribution of Kafka: no folder shared/servers/kafka lies beside the checkout.");
        await using var kafka = await LocalKafka.StartAsync(3, folder: null, settings: "");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = kafka.Bootstrap, Durable = KafkaDurability.Quorum, Partitions = 3, Replication = 3, MinInSync = 2 });
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger);
        for (var node = 0; node < 3; node++)
        {
            await load.MoreAsync(300);
            await kafka.KillAsync(node);
            await load.MoreAsync(300);
            await kafka.StartAsync(node);
        }

        await load.StopAsync();
        await ledger.SettledAsync();
        await load.HoldsAsync(ledger.Ledger);
    }

    [Theory]
    [InlineData(KafkaDurability.Quorum)]
    [InlineData(KafkaDurability.Disk)]
    public async Task A_broker_whose_disk_is_full_takes_everything_when_there_is_room_again(KafkaDurability durable)
    {
        Assert.SkipWhen(LocalKafka.Program is null, "No local distribution of Kafka: no folder shared/servers/kafka lies beside the checkout.");
        using var disk = SmallDisk.TryMount(96, out var reason);
        Assert.SkipWhen(disk is null, $"No small disk: {reason}");
        await using var kafka = await LocalKafka.StartAsync(1, disk!.Path, "log.index.size.max.bytes=65536");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = kafka.Bootstrap, Durable = durable });
        await ledger.ReadyAsync();
        await using var load = new KafkaLoad(ledger);
        await load.MoreAsync(300);
        disk.Fill();
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);

        // What a fast machine would spool until the broker is back need not fit on this disk.
        await load.StopAsync();

        // A broker that cannot write to its only folder stops itself.
        await kafka.KillAsync(0);
        disk.Free();
        await kafka.StartAsync(0);
        await using var after = new KafkaLoad(ledger);
        await after.MoreAsync(300);
        await after.StopAsync();
        await ledger.SettledAsync();
        await after.HoldsAsync(ledger.Ledger);
        await load.HoldsAsync(ledger.Ledger);
    }
}
