using System.Globalization;
using System.Security.Cryptography;
using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Blobs and parked records where pieces come in any order and producers fail for good.</summary>
public sealed class MockBlobTests : IDisposable
{
    private const short Produce = 0;
    private const int Unknown = -1;

    private readonly MockCluster _cluster = new(1);
    private readonly TemporaryFolder _here = new();
    private readonly TemporaryFolder _elsewhere = new();
    private readonly KafkaLedgerOptions _options;

    public MockBlobTests()
    {
        _options = _cluster.Hold(TemporaryKafkaLedger.SmallIn(_here.Path));
        _cluster.Make(_options.TopicPrefix + "blobs", 1);
        _cluster.Make(_options.TopicPrefix + "parked", 1);
    }

    public void Dispose()
    {
        _cluster.Dispose();
        _here.Dispose();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task Senders_of_one_blob_that_overlap_hold_nothing_up()
    {
        var bytes = RandomNumberGenerator.GetBytes(BlobChunk.Size + 1);
        BlobChunk[] pieces = [.. BlobChunk.Of(Digest.Of(bytes), bytes)];
        await SendAsync([pieces[0], pieces[0], pieces[1], pieces[1], pieces[0]]);
        await ConsumesAsync(5);
        Assert.Equal(bytes, (await new BlobFolder(_elsewhere.Path).GetAsync(Digest.Of(bytes), TestContext.Current.CancellationToken))!.Value.ToArray());
    }

    [Fact]
    public async Task Pieces_whose_first_one_is_gone_hold_nothing_up_however_many_they_are()
    {
        await SendAsync(Enumerable.Range(0, 300).Select(static n => new BlobChunk(DigestOf(n), BlobChunk.Size + 1, 1, 2, new byte[1])));
        var whole = RandomNumberGenerator.GetBytes(100);
        await SendAsync(BlobChunk.Of(Digest.Of(whole), whole));
        await ConsumesAsync(301);
        Assert.Equal(Digest.Of(whole), Assert.Single(new BlobFolder(_elsewhere.Path).List()).Sha256);
    }

    [Fact]
    public async Task A_blob_that_cannot_be_read_now_is_shipped_when_it_can()
    {
        var bytes = RandomNumberGenerator.GetBytes(100);
        var digest = Digest.Of(bytes).ToString();
        var (path, mark) = (Path.Combine(_here.Path, "blobs", "sha256", digest[..2], digest), Path.Combine(_here.Path, "kafka", "unshipped", digest));
        Directory.CreateDirectory(path);
        Directory.CreateDirectory(Path.GetDirectoryName(mark)!);
        await File.WriteAllBytesAsync(mark, [], TestContext.Current.CancellationToken);
        await using var store = KafkaTools.Blobs(_options);
        var other = RandomNumberGenerator.GetBytes(100);
        Assert.True(await store.TryPutAsync(Digest.Of(other), other, TestContext.Current.CancellationToken));
        await UntilAsync(() => !File.Exists(Path.Combine(Path.GetDirectoryName(mark)!, Digest.Of(other).ToString())));
        Assert.True(File.Exists(mark));
        Directory.Delete(path);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        await UntilAsync(() => !File.Exists(mark));
        await ConsumesAsync(2);
        Assert.Equal(2, new BlobFolder(_elsewhere.Path).List().Count());
    }

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task Where_nobody_reads_blobs_they_go_once_the_cluster_has_them(KafkaDurability durable)
    {
        var folder = new BlobFolder(_here.Path);
        var others = RandomNumberGenerator.GetBytes(100);
        Assert.True(await folder.TryPutAsync(Digest.Of(others), others, TestContext.Current.CancellationToken));
        byte[][] blobs = [.. Enumerable.Range(0, 20).Select(static _ => RandomNumberGenerator.GetBytes(100))];
        await using var store = KafkaTools.Blobs(_options with { Durable = durable, KeepsBlobs = false });
        for (var round = 0; round < 10; round++)
        {
            // Each twice at once: one may be shipped and gone while the other one looks whether it stands.
            var put = await Task.WhenAll(blobs.Concat(blobs).Select(b => store.TryPutAsync(Digest.Of(b), b, TestContext.Current.CancellationToken).AsTask()));
            Assert.All(put, Assert.True);
        }

        // What no mark says to be put by this store is somebody else's: the folder may have been that of a ledger without Kafka.
        await UntilAsync(() => folder.List().All(b => b.Sha256 == Digest.Of(others)) && !Directory.EnumerateFiles(Path.Combine(_here.Path, "kafka", "unshipped")).Any());
        Assert.Single(folder.List());
        await ConsumesAsync(null, blobs.Length);
    }

    [Fact]
    public async Task A_producer_of_blobs_that_failed_for_good_is_replaced()
    {
        var options = _options with { Durable = KafkaDurability.Quorum };
        await using var store = KafkaTools.Blobs(options);
        for (var round = 0; round < 2; round++)
        {
            _cluster.FailNext(Produce, Unknown);
            var bytes = RandomNumberGenerator.GetBytes(100);
            Assert.True(await store.TryPutAsync(Digest.Of(bytes), bytes, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_producer_of_parked_records_that_failed_for_good_is_replaced()
    {
        await using var parking = new ParkingTopic(_options, KafkaTools.Telemetry, TimeProvider.System);
        var record = new LedgerRecord(LedgerPartition.Calls, 1, new byte[10]);
        _cluster.FailNext(Produce, Unknown);
        await Assert.ThrowsAsync<IOException>(() => parking.ParkAsync("calls", record, "why", TestContext.Current.CancellationToken).AsTask());
        await UntilAsync(async () =>
        {
            try
            {
                await parking.ParkAsync("calls", record, "why", TestContext.Current.CancellationToken);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        });
        Assert.Single(await parking.ListAsync(TestContext.Current.CancellationToken));
    }

    private static Digest DigestOf(int number) => Digest.Of(System.Text.Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    private async Task SendAsync(IEnumerable<BlobChunk> pieces)
    {
        using var producer = new KafkaClients(_options, KafkaTools.Telemetry).Producer(KafkaTopics.LongestPiece, static _ => { });
        foreach (var piece in pieces)
        {
            await producer.ProduceAsync(new TopicPartition(_options.TopicPrefix + "blobs", 0), new() { Value = piece.Write() }, TestContext.Current.CancellationToken);
        }
    }

    private Task ConsumesAsync(long position) => ConsumesAsync(position, 0);

    private async Task ConsumesAsync(long? position, int blobs)
    {
        using var stop = new CancellationTokenSource();
        var consuming = new BlobTopicConsumer(_options with { Folder = _elsewhere.Path }, KafkaTools.Telemetry, TimeProvider.System).RunAsync(stop.Token);
        var kept = Path.Combine(_elsewhere.Path, "kafka", "blobs", "calls-0");
        await UntilAsync(() => position is { } behind ? File.Exists(kept) && File.ReadAllText(kept).Trim() == behind.ToString(CultureInfo.InvariantCulture) : new BlobFolder(_elsewhere.Path).List().Count() == blobs);
        await stop.CancelAsync();
        await consuming;
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
