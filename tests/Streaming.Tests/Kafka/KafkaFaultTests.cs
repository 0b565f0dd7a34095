using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>A real broker, real kills and stops, a real full disk, once for each place where calls may become durable. Each test has a cluster of its own, because it breaks it.</summary>
public abstract class KafkaFaults(KafkaDurability durable)
{
    [Fact]
    public async Task A_broker_that_is_killed_and_stopped_under_load_costs_nothing()
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
    public async Task A_broker_whose_disk_is_full_takes_everything_when_there_is_room_again()
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

public sealed class KafkaQuorumFaultTests() : KafkaFaults(KafkaDurability.Quorum);

public sealed class KafkaDiskFaultTests() : KafkaFaults(KafkaDurability.Disk);

public sealed class ThreeBrokerTests
{
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
}
