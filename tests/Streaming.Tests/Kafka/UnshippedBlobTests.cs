using System.Security.Cryptography;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Blobs that wait on a disk: when they may go, what waits for them, and what bounds them.</summary>
public sealed class UnshippedBlobTests : IDisposable
{
    private const short Produce = 0;
    private const int NotEnoughReplicas = 19;

    private readonly MockCluster _cluster = new(1);
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _elsewhere = new();
    private readonly KafkaLedgerOptions _options;

    public UnshippedBlobTests()
    {
        _options = _cluster.Hold(TemporaryKafkaLedger.SmallIn(_folder.Path) with { AnswerTimeout = TimeSpan.FromSeconds(1), KeepsBlobs = false });
        _cluster.Make(_options.TopicPrefix + "blobs", 1);
    }

    private string[] Marks => [.. Directory.EnumerateFiles(Path.Combine(_folder.Path, "kafka", "unshipped"))];

    public void Dispose()
    {
        _cluster.Dispose();
        _folder.Dispose();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task Nothing_is_taken_before_the_folder_is_this_process_s_and_nothing_is_sent_before_the_topics_are()
    {
        var unshipped = new UnshippedBlobs(_options);
        await using var store = new KafkaBlobStore(_options, unshipped, KafkaTools.Telemetry, TimeProvider.System);
        Assert.False(await PutAsync(store, 100));
        unshipped.Find();
        await using var quorum = new KafkaBlobStore(_options with { Durable = KafkaDurability.Quorum }, unshipped, KafkaTools.Telemetry, TimeProvider.System);
        Assert.False(await PutAsync(quorum, 100));
        Assert.True(await PutAsync(store, 100));
        Assert.Single(Marks);

        unshipped.Permit();
        await UntilAsync(() => Marks.Length == 0);
        Assert.Equal((0, 0L), (unshipped.Count, unshipped.Bytes));
        await ConsumesAsync(1);
    }

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task A_store_that_was_refused_takes_and_sends_nothing_whatever_is_permitted_afterwards(KafkaDurability durable)
    {
        var blob = await LeaveAsync(100);
        var unshipped = new UnshippedBlobs(_options);
        unshipped.Find();
        await using (var store = new KafkaBlobStore(_options with { Durable = durable }, unshipped, KafkaTools.Telemetry, TimeProvider.System))
        {
            unshipped.Refuse("another ledger's");
            unshipped.Permit();
            Assert.False(await PutAsync(store, 100));
        }

        Assert.Equal(blob.ToString(), Path.GetFileName(Assert.Single(Marks)));
        Assert.Equal(blob, Assert.Single(new BlobFolder(_folder.Path).List()).Sha256);
        Assert.Equal(0, await LandedAsync());
    }

    [Fact]
    public async Task A_stop_gives_the_cluster_a_while_to_take_what_waits()
    {
        await using (var store = KafkaTools.Blobs(_options))
        {
            for (var i = 0; i < 50; i++)
            {
                Assert.True(await PutAsync(store, 50_000));
            }
        }

        Assert.Empty(Marks);
        await ConsumesAsync(50);
    }

    [Fact]
    public async Task What_waits_is_counted_and_past_the_spool_s_bounds_nothing_more_is_taken()
    {
        await BootAsync();
        _cluster.SetDown(1, down: true);
        var options = _options with { Spool = _options.Spool with { MaxBytes = 300_000 } };
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await using var store = new KafkaBlobStore(options, ledger.Ledger, KafkaTools.Telemetry, TimeProvider.System);
        Assert.True(await PutAsync(store, 200_000));
        Assert.False(await PutAsync(store, 200_000));
        Assert.Equal((1, 200_000L), (ledger.Ledger.Lag.Blobs, ledger.Ledger.Lag.BlobBytes));
        for (var i = 0; i < 2; i++)
        {
            Assert.True((await ledger.AppendAsync("session-1", new string('x', 60_000), TestContext.Current.CancellationToken)).Appended.IsDurable);
        }

        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("200000 of blobs wait", StringComparison.Ordinal));
        Assert.False((await ledger.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.IsDurable);
        Assert.False(await PutAsync(store, 10));

        _cluster.SetDown(1, down: false);
        await ledger.SettledAsync();
        await ledger.UntilAsync(() => ledger.Ledger.Lag == default);
        await ledger.ReadyAsync();
        Assert.True(await PutAsync(store, 200_000));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_waits_for_what_its_claim_check_names_unless_that_cannot_be_read(bool isUnreadable)
    {
        await BootAsync();
        var blob = await LeaveAsync(100_000);
        var path = new BlobFolder(_folder.Path).PathOf(blob);
        if (isUnreadable)
        {
            await File.WriteAllTextAsync(path, "other bytes", TestContext.Current.CancellationToken);
        }

        await using var ledger = TemporaryKafkaLedger.Open(_options);
        await ledger.SettledAsync();
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, "session-1", Intended(blob));
        Assert.True((await ledger.Ledger.AppendAsync(draft, TestContext.Current.CancellationToken)).IsDurable);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (ledger.Ledger.Lag.Records, ledger.Ledger.Lag.Blobs));

        await using var store = new KafkaBlobStore(_options, ledger.Ledger, KafkaTools.Telemetry, TimeProvider.System);
        await ledger.SettledAsync();
        Assert.Equal(isUnreadable ? 1 : 0, ledger.Ledger.Lag.Blobs);
        Assert.Equal(isUnreadable ? LedgerStatus.Degraded : LedgerStatus.Ready, ledger.Ledger.Health.Status);
    }

    [Fact]
    public async Task Where_calls_go_past_a_spool_that_was_left_its_blobs_go_before_its_records()
    {
        await BootAsync();
        var blob = await LeaveCallAsync();
        await using var ledger = TemporaryKafkaLedger.Open(_options with { Durable = KafkaDurability.Quorum });
        Assert.NotEqual(LedgerStatus.Ready, ledger.Ledger.Health.Status);
        await using var store = new KafkaBlobStore(_options with { Durable = KafkaDurability.Quorum }, ledger.Ledger, KafkaTools.Telemetry, TimeProvider.System);
        await ledger.ReadyAsync();
        Assert.Empty(Marks);
        await ConsumesAsync(1);
        Assert.Equal(blob, Assert.Single(new BlobFolder(_elsewhere.Path).List()).Sha256);
    }

    [Fact]
    public async Task A_shipment_by_hand_ships_blobs_first_and_keeps_their_files()
    {
        await BootAsync();
        var blob = await LeaveCallAsync();
        _cluster.FailNext(Produce, [.. Enumerable.Repeat(NotEnoughReplicas, 12)]);
        var stopped = await KafkaTools.ShipAsync(_options).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal((1, 0, 0), (stopped.Blobs, stopped.BlobsShipped, stopped.Shipped));
        Assert.Contains("acknowledged nothing", stopped.Trouble, StringComparison.Ordinal);
        Assert.Single(Marks);

        var report = await ShipsAsync();
        Assert.Equal((1, 1), (report.Blobs, report.BlobsShipped));
        Assert.InRange(report.Shipped, 1, report.Records);
        Assert.Empty(Marks);
        Assert.Equal(blob, Assert.Single(new BlobFolder(_folder.Path).List()).Sha256);
        await ConsumesAsync(1);
        Assert.Equal((0, 0, 0), await KafkaTools.ShipAsync(_options) is var again ? (again.Blobs, again.BlobsShipped, again.Shipped) : default);
    }

    [Fact]
    public async Task A_shipment_by_hand_misses_a_blob_that_a_waiting_record_names()
    {
        await BootAsync();
        var blob = await LeaveCallAsync();
        var path = new BlobFolder(_folder.Path).PathOf(blob);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        File.Delete(path);
        var report = await KafkaTools.ShipAsync(_options);
        Assert.Equal((1, 0), (report.Blobs, report.BlobsShipped));
        Assert.Contains(blob.ToString(), report.Trouble, StringComparison.Ordinal);
        Assert.Single(Marks);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.Equal((1, 1, null), await KafkaTools.ShipAsync(_options) is var again ? (again.Blobs, again.BlobsShipped, again.Trouble) : default);
    }

    [Fact]
    public async Task What_could_not_be_kept_is_not_counted_and_leaves_no_mark()
    {
        var unshipped = new UnshippedBlobs(_options);
        unshipped.Find();
        await using var store = new KafkaBlobStore(_options, unshipped, KafkaTools.Telemetry, TimeProvider.System);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "blobs"), "no folder", TestContext.Current.CancellationToken);
        Assert.False(await PutAsync(store, 1000));
        Assert.Equal((0, 0L), (unshipped.Count, unshipped.Bytes));
        Assert.Empty(Marks);
    }

    [Fact]
    public void What_is_put_while_nobody_found_a_file_of_it_is_not_forgotten()
    {
        var unshipped = new UnshippedBlobs(_options);
        unshipped.Find();
        var blob = Digest.Of("x"u8);
        unshipped.Begin(blob, 1);
        _ = unshipped.End(blob, isKept: true);
        Assert.True(unshipped.TryTake(blob, out var version));
        Assert.False(unshipped.TryTake(blob, out _));
        unshipped.Begin(blob, 1);
        var shipped = unshipped.End(blob, isKept: true);
        unshipped.Absent(blob, version);
        unshipped.Release(blob, version);
        Assert.Equal((1, false), (unshipped.Count, shipped.IsCompleted));
        Assert.True(unshipped.TryTake(blob, out _));
        Assert.Single(Marks);
    }

    [Fact]
    public async Task A_shipment_by_hand_says_which_blob_cannot_be_read_and_ships_the_rest()
    {
        await BootAsync();
        var blob = await LeaveCallAsync();
        await File.WriteAllTextAsync(new BlobFolder(_folder.Path).PathOf(blob), "other bytes", TestContext.Current.CancellationToken);
        var report = await KafkaTools.ShipAsync(_options);
        Assert.Equal((1, 0), (report.Blobs, report.BlobsShipped));
        Assert.InRange(report.Shipped, 1, report.Records);
        Assert.Contains(blob.ToString(), report.Trouble, StringComparison.Ordinal);
        Assert.Single(Marks);
    }

    private static CallIntended Intended(Digest blob) => new()
    {
        Call = EventId.New(TimeProvider.System),
        Who = new() { Principal = "ada", Kind = "user", Authentication = "none" },
        What = new() { Server = "demo", Kind = "request", Method = "tools/call" },
        Request = new() { Size = 100_000, Sha256 = blob, Blob = $"sha256/{blob.ToString()[..2]}/{blob}" },
        Where = new() { Session = new("session-1", "protocol"), Monotonic = 0 },
        Decision = new() { Verdict = Verdict.Forwarded },
    };

    private static Task<bool> PutAsync(KafkaBlobStore store, int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        return store.TryPutAsync(Digest.Of(bytes), bytes, TestContext.Current.CancellationToken).AsTask();
    }

    /// <summary>Ships once the errors that the try before left over are used up.</summary>
    private async Task<SpoolShipmentReport> ShipsAsync()
    {
        for (var tries = 0; ; tries++)
        {
            if (await KafkaTools.ShipAsync(_options) is var report && (report.Trouble is null || tries == 20))
            {
                return report;
            }
        }
    }

    private async Task BootAsync()
    {
        await using var ledger = TemporaryKafkaLedger.Open(_options);
        await ledger.ReadyAsync();
        await ledger.SettledAsync();
    }

    /// <summary>Leaves a blob with its mark, as a process that was killed does.</summary>
    private async Task<Digest> LeaveAsync(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        var blob = Digest.Of(bytes);
        var marks = Path.Combine(_folder.Path, "kafka", "unshipped");
        Directory.CreateDirectory(marks);
        await File.WriteAllBytesAsync(Path.Combine(marks, blob.ToString()), [], TestContext.Current.CancellationToken);
        Assert.True(await new BlobFolder(_folder.Path).TryPutAsync(blob, bytes, TestContext.Current.CancellationToken));
        return blob;
    }

    /// <summary>Leaves a call in the spool, and the blob that it names.</summary>
    private async Task<Digest> LeaveCallAsync()
    {
        var blob = await LeaveAsync(100_000);
        _cluster.SetDown(1, down: true);
        await using (var ledger = TemporaryKafkaLedger.Open(_options))
        {
            using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, "session-1", Intended(blob));
            Assert.True((await ledger.Ledger.AppendAsync(draft, TestContext.Current.CancellationToken)).IsDurable);
        }

        _cluster.SetDown(1, down: false);
        return blob;
    }

    private async Task<long> LandedAsync()
    {
        await using var cursor = new PartitionCursor(LedgerPartition.Calls, new(_options.TopicPrefix + "blobs", 0), new(_options, KafkaTools.Telemetry), TimeSpan.FromSeconds(10));
        return (await cursor.BoundsAsync()).End;
    }

    private async Task ConsumesAsync(int blobs)
    {
        using var stop = new CancellationTokenSource();
        var consuming = new BlobTopicConsumer(_options with { Folder = _elsewhere.Path }, KafkaTools.Telemetry, TimeProvider.System).RunAsync(stop.Token);
        await UntilAsync(() => new BlobFolder(_elsewhere.Path).List().Count() == blobs);
        await stop.CancelAsync();
        await consuming;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
