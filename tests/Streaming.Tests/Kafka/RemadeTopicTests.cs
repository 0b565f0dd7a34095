using Confluent.Kafka;
using Confluent.Kafka.Admin;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Topics that were deleted, or lost what they had: what stands at an offset by now is another record.</summary>
public sealed class RemadeTopicTests(KafkaBroker broker)
{
    private const short Fetch = 1;
    private const short ListOffsets = 2;
    private const int OffsetOutOfRange = 1;
    private const int NotAuthorized = 29;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task A_topic_of_calls_that_was_made_anew_is_refused_and_nobody_reads_on_in_it()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, VerifyInterval = TimeSpan.FromMilliseconds(500) };
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            await AppendAsync(ledger, 50);
            var position = (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, 0, 1 << 20, TestContext.Current.CancellationToken)).Next;
            await RemakeAsync(bootstrap!, options.TopicPrefix + "calls", Enumerable.Repeat("{}"u8.ToArray(), 80));

            await ledger.UntilAsync(() => IsRefused(ledger)).WaitAsync(Enough, TestContext.Current.CancellationToken);
            var batch = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, position, 1 << 20, TestContext.Current.CancellationToken);
            Assert.Empty(batch.Records);
            Assert.Equal(position, batch.Next);
            Assert.Contains("made anew", batch.Damage, StringComparison.Ordinal);
        }

        // Its folder knows which topic it was.
        await using var again = TemporaryKafkaLedger.Open(options);
        await again.UntilAsync(() => IsRefused(again)).WaitAsync(Enough, TestContext.Current.CancellationToken);

        static bool IsRefused(TemporaryKafkaLedger ledger) =>
            ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("made anew", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_of_calls_that_is_gone_is_made_anew_by_nobody()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var folder = new TemporaryFolder();
        using var second = new TemporaryFolder();
        var options = TemporaryKafkaLedger.SmallIn(folder.Path) with { Bootstrap = bootstrap!, Durable = KafkaDurability.Quorum };
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
        }

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await DeleteAsync(admin, options.TopicPrefix + "calls");
        await using var other = TemporaryKafkaLedger.Open(options with { Folder = second.Path, Instance = "other" });
        Assert.Equal(LedgerStatus.Unavailable, other.Ledger.Health.Status);
        Assert.Contains("is missing", other.Ledger.Health.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics, t => t.Topic == options.TopicPrefix + "calls");
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(true, 40)]
    [InlineData(false, 3)]
    [InlineData(false, 40)]
    public async Task A_topic_of_blobs_that_was_made_anew_is_read_from_its_first_record_on(bool isRunning, int blobs)
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        using var elsewhere = new TemporaryFolder();
        using var patience = new CancellationTokenSource(Enough);
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap!, VerifyInterval = TimeSpan.FromMilliseconds(500) });
        await ledger.ReadyAsync();
        var (topic, folder) = (ledger.Options.TopicPrefix + "blobs", new BlobFolder(elsewhere.Path));
        var options = ledger.Options with { Folder = elsewhere.Path };
        await RemakeAsync(bootstrap!, topic, Pieces(from: 0, 20));
        using var stop = new CancellationTokenSource();
        var consuming = new BlobTopicConsumer(options, KafkaTools.Telemetry, TimeProvider.System).RunAsync(stop.Token);
        var position = Path.Combine(elsewhere.Path, "kafka", "blobs", "calls-0");
        await ledger.UntilAsync(() => File.Exists(position) && File.ReadAllText(position).StartsWith("20 ", StringComparison.Ordinal)).WaitAsync(patience.Token);
        if (!isRunning)
        {
            await stop.CancelAsync();
            await consuming;
        }

        await RemakeAsync(bootstrap!, topic, Pieces(from: 100, blobs));

        using var again = new CancellationTokenSource();
        var reading = isRunning ? consuming : new BlobTopicConsumer(options, KafkaTools.Telemetry, TimeProvider.System).RunAsync(again.Token);
        await ledger.UntilAsync(() => folder.List().Count() == 20 + blobs).WaitAsync(patience.Token);
        await stop.CancelAsync();
        await again.CancelAsync();
        await reading;

        static IEnumerable<byte[]> Pieces(int from, int count) => Enumerable.Range(from, count).Select(static n => BitConverter.GetBytes(n)).SelectMany(static b => BlobChunk.Of(Digest.Of(b), b)).Select(static c => c.Write());
    }

    [Fact]
    public async Task A_place_that_was_out_of_range_for_a_while_is_damage_though_the_log_has_grown_past_it_since()
    {
        using var cluster = new MockCluster(1);
        KafkaLedgerOptions options;
        await using (var ledger = TemporaryKafkaLedger.Open(cluster.Hold))
        {
            options = ledger.Options;
            await ledger.ReadyAsync();
            await AppendAsync(ledger, 20);
        }

        // Nobody else asks any more, who would get the errors.
        using var patience = new CancellationTokenSource(Enough);
        await using var reader = KafkaTools.Reader(options);
        ReadBatch batch;
        for (var next = 0L; (batch = await reader.ReadAsync(LedgerPartition.Calls, next, 1 << 20, patience.Token)).Records.Count > 0; next = batch.Next)
        {
            Assert.Null(batch.Damage);
        }

        cluster.FailNext(Fetch, OffsetOutOfRange, OffsetOutOfRange);
        while (batch.Damage is null)
        {
            await Task.Delay(50, patience.Token);
            batch = await reader.ReadAsync(LedgerPartition.Calls, batch.Next, 1 << 20, patience.Token);
        }

        Assert.Contains("was out of range", batch.Damage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_who_waits_meets_is_told_by_the_next_read_at_its_place()
    {
        using var cluster = new MockCluster(1);
        KafkaLedgerOptions options;
        await using (var ledger = TemporaryKafkaLedger.Open(cluster.Hold))
        {
            options = ledger.Options;
            await ledger.ReadyAsync();
            await AppendAsync(ledger, 20);
        }

        // Alone at the cluster now, so that nobody else takes the answer.
        using var patience = new CancellationTokenSource(Enough);
        await using var reader = KafkaTools.Reader(options);
        ReadBatch batch;
        for (var next = 0L; (batch = await reader.ReadAsync(LedgerPartition.Calls, next, 1 << 20, patience.Token)).Records.Count > 0; next = batch.Next)
        {
            Assert.Null(batch.Damage);
        }

        var waiting = reader.WaitAsync(LedgerPartition.Calls, batch.Next, patience.Token).AsTask();
        cluster.FailNext(Fetch, OffsetOutOfRange);
        await waiting;

        var told = await reader.ReadAsync(LedgerPartition.Calls, batch.Next, 1 << 20, patience.Token);
        Assert.Contains("was out of range", told.Damage, StringComparison.Ordinal);
        Assert.Equal((0, batch.Next), (told.Records.Count, told.Next));
        Assert.Null((await reader.ReadAsync(LedgerPartition.Calls, batch.Next, 1 << 20, patience.Token)).Damage);
    }

    [Fact]
    public async Task A_place_that_nobody_could_be_asked_about_is_read_again()
    {
        using var cluster = new MockCluster(1);
        KafkaLedgerOptions options;
        await using (var ledger = TemporaryKafkaLedger.Open(cluster.Hold))
        {
            options = ledger.Options;
            await ledger.ReadyAsync();
            await AppendAsync(ledger, 20);
        }

        using var patience = new CancellationTokenSource(Enough);
        await using var reader = KafkaTools.Reader(options with { AnswerTimeout = TimeSpan.FromSeconds(1) });
        ReadBatch batch;
        for (var next = 0L; (batch = await reader.ReadAsync(LedgerPartition.Calls, next, 1 << 20, patience.Token)).Records.Count > 0; next = batch.Next)
        {
            Assert.Null(batch.Damage);
        }

        // The first and the last offset are two questions.
        var waiting = reader.WaitAsync(LedgerPartition.Calls, batch.Next, patience.Token).AsTask();
        cluster.FailNext(ListOffsets, NotAuthorized, NotAuthorized);
        cluster.FailNext(Fetch, OffsetOutOfRange);
        await waiting;

        await ProduceAsync(cluster.Bootstrap, options.TopicPrefix + "calls", ["{}"u8.ToArray()]);
        while (batch.Records.Count == 0)
        {
            batch = await reader.ReadAsync(LedgerPartition.Calls, batch.Next, 1 << 20, patience.Token);
            Assert.Null(batch.Damage);
        }
    }

    private static async Task AppendAsync(TemporaryKafkaLedger ledger, int records)
    {
        for (var i = 0; i < records; i++)
        {
            Assert.True((await ledger.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.IsDurable);
        }

        await ledger.SettledAsync();
    }

    private static async Task DeleteAsync(IAdminClient admin, string topic)
    {
        await admin.DeleteTopicsAsync([topic]);
        while (admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Exists(t => t.Topic == topic))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static async Task RemakeAsync(string bootstrap, string topic, IEnumerable<byte[]> records)
    {
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build())
        {
            await DeleteAsync(admin, topic);
            try
            {
                await admin.CreateTopicsAsync([new() { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }]);
            }
            catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
            {
                // Somebody else did, which is what the test is about.
            }
        }

        await ProduceAsync(bootstrap, topic, records);
    }

    private static async Task ProduceAsync(string bootstrap, string topic, IEnumerable<byte[]> records)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = bootstrap }).Build();
        foreach (var record in records)
        {
            await producer.ProduceAsync(topic, new() { Value = record });
        }
    }
}
