using System.Security.Cryptography;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class KafkaBlobTests(KafkaBroker broker)
{
    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task A_blob_that_one_process_stores_another_one_has(KafkaDurability durable)
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var elsewhere = new TemporaryFolder();
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap!, Durable = durable });
        await ledger.ReadyAsync();
        byte[][] blobs = [[], RandomNumberGenerator.GetBytes(1), RandomNumberGenerator.GetBytes(BlobChunk.Size), RandomNumberGenerator.GetBytes((2 * BlobChunk.Size) + 17)];
        await using (var store = new KafkaBlobStore(ledger.Options, ledger.Ledger, KafkaTools.Telemetry, TimeProvider.System))
        {
            foreach (var blob in blobs)
            {
                Assert.True(await store.TryPutAsync(Digest.Of(blob), blob, TestContext.Current.CancellationToken));
            }

            using var stop = new CancellationTokenSource();
            var consuming = new BlobTopicConsumer(ledger.Options with { Folder = elsewhere.Path }, KafkaTools.Telemetry, TimeProvider.System).RunAsync(stop.Token);
            var folder = new BlobFolder(elsewhere.Path);
            await ledger.UntilAsync(() => folder.List().Count() == blobs.Length);
            foreach (var blob in blobs)
            {
                Assert.Equal(blob, (await folder.GetAsync(Digest.Of(blob), stop.Token))!.Value.ToArray());
            }

            await ledger.UntilAsync(() => !Directory.EnumerateFiles(Path.Combine(ledger.Options.Folder, "kafka", "unshipped")).Any());
            await stop.CancelAsync();
            await consuming;
        }
    }

    [Fact]
    public async Task What_carried_blobs_before_a_moment_is_dropped_and_who_comes_later_has_the_rest()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var elsewhere = new TemporaryFolder();
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap!, Durable = KafkaDurability.Quorum, Partitions = 3 });
        await ledger.ReadyAsync();
        await using var store = new KafkaBlobStore(ledger.Options, ledger.Ledger, KafkaTools.Telemetry, TimeProvider.System);
        byte[][] blobs = [.. Enumerable.Range(0, 20).Select(static _ => RandomNumberGenerator.GetBytes(100))];
        await PutAsync(blobs[..10]);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        var moment = TimeProvider.System.GetUtcNow();
        await Task.Delay(50, TestContext.Current.CancellationToken);
        await PutAsync(blobs[10..]);

        await ledger.Ledger.DropBlobsBeforeAsync(moment, TestContext.Current.CancellationToken);

        using var stop = new CancellationTokenSource();
        var consuming = new BlobTopicConsumer(ledger.Options with { Folder = elsewhere.Path }, KafkaTools.Telemetry, TimeProvider.System).RunAsync(stop.Token);
        var folder = new BlobFolder(elsewhere.Path);
        await ledger.UntilAsync(() => folder.List().Count() >= 10);
        await stop.CancelAsync();
        await consuming;
        Assert.Equal(blobs[10..].Select(static b => Digest.Of(b).ToString()).Order(), folder.List().Select(static b => b.Sha256.ToString()).Order());

        async Task PutAsync(IEnumerable<byte[]> some)
        {
            foreach (var blob in some)
            {
                Assert.True(await store.TryPutAsync(Digest.Of(blob), blob, TestContext.Current.CancellationToken));
            }
        }
    }

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task To_another_ledger_s_topics_no_blob_goes_and_what_waits_stays(KafkaDurability durable)
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, KeepsBlobs = false };
        await using (var own = TemporaryKafkaLedger.Open(options))
        {
            await own.ReadyAsync();
        }

        var bytes = RandomNumberGenerator.GetBytes(100);
        var mark = Path.Combine(folder.Path, "kafka", "unshipped", Digest.Of(bytes).ToString());
        await File.WriteAllBytesAsync(mark, [], TestContext.Current.CancellationToken);
        Assert.True(await new BlobFolder(folder.Path).TryPutAsync(Digest.Of(bytes), bytes, TestContext.Current.CancellationToken));
        await using var other = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap! });
        await other.ReadyAsync();
        options = options with { TopicPrefix = other.Options.TopicPrefix, Durable = durable };
        await using (var wrong = TemporaryKafkaLedger.Open(options))
        {
            await using var store = new KafkaBlobStore(options, wrong.Ledger, KafkaTools.Telemetry, TimeProvider.System);
            await wrong.UntilAsync(() => wrong.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("are those of ledger", StringComparison.Ordinal));
            var more = RandomNumberGenerator.GetBytes(200);
            Assert.False(await store.TryPutAsync(Digest.Of(more), more, TestContext.Current.CancellationToken));
        }

        await using var cursor = new PartitionCursor(LedgerPartition.Calls, new(options.TopicPrefix + "blobs", 0), new(options, KafkaTools.Telemetry), TimeSpan.FromSeconds(10));
        Assert.Equal(0, (await cursor.BoundsAsync()).End);
        Assert.True(File.Exists(mark));
        Assert.Equal(Digest.Of(bytes), Assert.Single(new BlobFolder(folder.Path).List()).Sha256);
    }

    [Fact]
    public void Bytes_that_are_no_piece_are_none()
    {
        var record = BlobChunk.Of(Digest.Of("x"u8), "x"u8.ToArray()).Single().Write();
        Assert.NotNull(BlobChunk.Read(record));
        for (var at = 0; at < record.Length; at++)
        {
            // Everything but the digest and the bytes themselves contradicts something when it changes.
            var broken = (byte[])record.Clone();
            broken[at] ^= 0x40;
            Assert.Equal(at is (>= 8 and < 40) or >= 56, BlobChunk.Read(broken) is not null);
            Assert.Null(BlobChunk.Read(record.AsMemory(0, at)));
        }
    }
}
