using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;
using McpLedger.Streaming.Tests.Embedded;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class KafkaCrashTests(KafkaBroker broker, ITestOutputHelper output)
{
    private const string KillsVariable = "MCPLEDGER_KILLS";
    private const int ShortRun = 4;

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task What_was_answered_durable_before_a_kill_stands_in_the_cluster_once(KafkaDurability durable)
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        var kills = int.TryParse(Environment.GetEnvironmentVariable(KillsVariable), CultureInfo.InvariantCulture, out var asked) ? asked : ShortRun;
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, Durable = durable };
        var random = new Random(20261126);
        var acknowledged = new HashSet<EventId>();
        for (var kill = 0; kill < kills; kill++)
        {
            using var child = AppenderProcess.Start(options);
            var (before, dieAfter) = (acknowledged.Count, random.Next(1, 2000));
            while (await child.NextAsync() is { } told)
            {
                Assert.True(acknowledged.Add(told.Id));
                if (acknowledged.Count - before == dieAfter)
                {
                    child.Kill();
                }
            }

            Assert.True(acknowledged.Count - before >= dieAfter, "the appending process died by itself");
        }

        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.ReadyAsync();
        await ledger.SettledAsync();
        Assert.Equal(kills + 1, ledger.Ledger.Identity.Epoch);
        var there = await KafkaLoad.HoldsAsync(ledger.Ledger, acknowledged);
        output.WriteLine($"{kills} kills, {acknowledged.Count} acknowledged appends all in the cluster, {there} records, no gap, none twice");
    }

    [Fact]
    public async Task The_spool_of_a_process_that_never_comes_back_is_shipped_by_hand()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, Durable = KafkaDurability.Disk };
        var acknowledged = new HashSet<EventId>();
        using (var child = AppenderProcess.Start(options))
        {
            while (await child.NextAsync() is { } told)
            {
                acknowledged.Add(told.Id);
                if (acknowledged.Count == 500)
                {
                    child.Kill();
                }
            }
        }

        // The word on what was shipped is lost with the machine; the cluster still knows.
        File.Delete(Path.Combine(folder.Path, "kafka", "positions.json"));
        var report = await KafkaTools.ShipAsync(options);
        Assert.Null(report.Trouble);
        Assert.Equal("test", report.Instance);
        var again = await KafkaTools.ShipAsync(options);
        Assert.Equal(0, again.Shipped);
        await using var reader = KafkaTools.Reader(options);
        await KafkaLoad.HoldsAsync(reader, acknowledged);
    }
}
