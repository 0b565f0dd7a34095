using McpLedger.Contracts.Events;
using McpLedger.Host.Running;
using McpLedger.Streaming;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Running;

public sealed class SpoolDamageTests
{
    [Fact]
    public async Task Damage_of_what_waits_for_Kafka_is_listed_and_accepted_like_that_of_a_ledger_on_this_disk()
    {
        Assert.SkipWhen(LocalKafka.Program is null, "No local distribution of Kafka: no folder shared/servers/kafka lies beside the checkout.");
        await using var kafka = await LocalKafka.StartAsync(1, folder: null, settings: "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = kafka.Bootstrap, AnswerTimeout = TimeSpan.FromSeconds(2) };
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            await ledger.SettledAsync();
        }

        await using (var ledger = TemporaryKafkaLedger.Open(options with { Bootstrap = "127.0.0.1:1" }))
        {
            foreach (var detail in (string[])["before", "needle", "behind"])
            {
                Assert.True((await ledger.AppendAsync("session-1", detail, TestContext.Current.CancellationToken)).Appended.IsDurable);
            }
        }

        var segment = Directory.EnumerateFiles(Path.Combine(folder.Path, "kafka", "spool"), "*.seg").Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf("needle"u8)] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        await using var damaged = TemporaryKafkaLedger.Open(options);
        await damaged.UntilAsync(() => damaged.Ledger.Health.Status == LedgerStatus.Degraded);
        var desk = new DamageDesk(DamagedFiles.Of(damaged.Ledger), new(damaged.Ledger, "/host/test/1", TimeProvider.System));

        // The record, and the offsets that were left out behind the segment for all that it may have held.
        var lines = desk.List(TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Count);
        Assert.All(lines, static l => Assert.Equal("spool", l.Partition));
        var line = lines[0];
        Assert.Equal(line.Offset + 1, line.NextOffset);
        Assert.Equal(404, (await desk.AcceptAsync(new("calls-0", line.Offset, line.Sha256, "a bit flipped"), "eve", TestContext.Current.CancellationToken)).Status);
        foreach (var one in lines)
        {
            Assert.Equal(200, (await desk.AcceptAsync(new("spool", one.Offset, one.Sha256, "a bit flipped"), "eve", TestContext.Current.CancellationToken)).Status);
        }

        Assert.Empty(desk.List(TestContext.Current.CancellationToken));
        await damaged.SettledAsync();
        var said = (await TemporaryLedger.ReadAllAsync(damaged.Ledger, LedgerPartition.Control, 0))
            .Select(static r => EventReader.TryRead(r.Bytes.Span, out var read, out _) ? read!.Data : null).OfType<DamageAccepted>().ToArray();
        Assert.Equal(lines.Select(static l => l.Offset), said.Select(static s => s.FirstOffset));
        Assert.All(said, static s => Assert.Equal(("spool", "eve"), (s.Partition, s.AcceptedBy)));
    }
}
