using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Folders that know less of their instance than the cluster does: nothing that was answered durable may be taken for what another boot had sent.</summary>
public sealed class BootEpochTests : IDisposable
{
    private readonly MockCluster _cluster = new(1);
    private readonly TemporaryFolder _first = new();
    private readonly TemporaryFolder _second = new();

    public void Dispose()
    {
        _cluster.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task A_named_instance_whose_folder_was_lost_begins_behind_the_boots_that_the_cluster_knows(KafkaDurability durable)
    {
        var options = OptionsIn(_first.Path, durable);
        var acknowledged = new List<EventId>();
        for (var boot = 1; boot <= 2; boot++)
        {
            Assert.Equal(boot, await BootAsync(options, 30, acknowledged));
        }

        Assert.Equal(3, await BootAsync(options with { Folder = _second.Path }, 10, acknowledged));
        await HoldsAsync(options, acknowledged);
    }

    [Fact]
    public async Task A_boot_that_turns_out_to_be_behind_is_refused_and_keeps_what_it_recorded()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        var acknowledged = new List<EventId>();
        await BootAsync(options, 30, acknowledged);
        Copy(_first.Path, _second.Path);
        await BootAsync(options, 30, acknowledged);
        var older = options with { Folder = _second.Path };
        _cluster.SetDown(1, down: true);
        await using (var ledger = TemporaryKafkaLedger.Open(older))
        {
            Assert.Equal(2, ledger.Ledger.Identity.Epoch);
            await AppendAsync(ledger, 10, []);
            _cluster.SetDown(1, down: false);
            await IsRefusedAsync(ledger, "restored");
        }

        // Its next boot counts on, and still does not take the other's records for those that wait.
        await using (var ledger = TemporaryKafkaLedger.Open(older))
        {
            Assert.Equal(3, ledger.Ledger.Identity.Epoch);
            await IsRefusedAsync(ledger, "by another folder");
        }

        var shipped = await KafkaTools.ShipAsync(older);
        Assert.Equal(0, shipped.Shipped);
        Assert.Contains("by another folder", shipped.Trouble, StringComparison.Ordinal);
        await HoldsAsync(options, acknowledged);
    }

    [Fact]
    public async Task What_a_lost_gateway_left_is_shipped_by_hand_after_its_successor_wrote_under_its_name()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        var acknowledged = new List<EventId>();
        await BootAsync(options, 30, acknowledged);
        _cluster.SetDown(1, down: true);
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await AppendAsync(ledger, 30, acknowledged);
        }

        _cluster.SetDown(1, down: false);
        foreach (var name in (string[])["identity.json", "epoch"])
        {
            File.Copy(Path.Combine(_first.Path, name), Path.Combine(_second.Path, name));
        }

        var successor = options with { Folder = _second.Path };
        Assert.Equal(3, await BootAsync(successor, 20, acknowledged));
        var report = await KafkaTools.ShipAsync(options);
        Assert.Null(report.Trouble);
        Assert.InRange(report.Shipped, 30, report.Records);
        Assert.Equal(0, (await KafkaTools.ShipAsync(options)).Shipped);

        // What was shipped by hand lies behind the successor's records, and is not the last of its own. Its place in the log is a finding of those who verify chains.
        Assert.Equal(4, await BootAsync(successor, 20, acknowledged));
        await StandsOnceAsync(options, acknowledged);
    }

    [Fact]
    public async Task A_gateway_whose_volume_is_an_older_copy_counts_on_and_sends_nothing_twice()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        var acknowledged = new List<EventId>();
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            await AppendAsync(ledger, 20, acknowledged);

            // A snapshot of a folder in use: what lies in its spool lands right after it, and more of the same boot follows.
            Copy(_first.Path, _second.Path);
            await AppendAsync(ledger, 20, acknowledged);
            await ledger.SettledAsync();
        }

        Assert.Equal(2, await BootAsync(options with { Folder = _second.Path }, 10, acknowledged));
        await StandsOnceAsync(options, acknowledged);
    }

    [Fact]
    public async Task A_folder_that_gets_another_name_sends_nothing_twice()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        var acknowledged = new List<EventId>();
        await BootAsync(options, 30, acknowledged);

        // As after a kill before anything was noted of what landed.
        File.Delete(Path.Combine(_first.Path, "kafka", "positions.json"));
        await BootAsync(options with { Instance = "renamed" }, 10, acknowledged);
        await HoldsAsync(options, acknowledged);

        // Each name goes on from its own chain.
        await BootAsync(options, 10, acknowledged);
        await BootAsync(options with { Instance = "renamed", Durable = KafkaDurability.Quorum }, 10, acknowledged);
        await BootAsync(options with { Durable = KafkaDurability.Quorum }, 10, acknowledged);
        await HoldsAsync(options, acknowledged);
    }

    [Fact]
    public async Task A_process_whose_name_another_one_took_since_takes_no_more_calls()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk) with { HeartbeatInterval = TimeSpan.FromMilliseconds(200) };
        await using var first = TemporaryKafkaLedger.Open(options);
        await first.ReadyAsync();
        await AppendAsync(first, 5, []);
        await first.SettledAsync();
        await using var second = TemporaryKafkaLedger.Open(options with { Folder = _second.Path });
        await second.ReadyAsync();
        Assert.Equal(2, second.Ledger.Identity.Epoch);
        await first.UntilAsync(() => first.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("another process writes as this instance", StringComparison.Ordinal))
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(AppendStatus.Unavailable, (await first.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.Status);
        await AppendAsync(second, 5, []);
    }

    [Fact]
    public async Task A_name_that_was_taken_before_the_first_heartbeat_is_noticed_with_it()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        await using var first = TemporaryKafkaLedger.Open(options with { HeartbeatInterval = TimeSpan.FromSeconds(4) });
        await first.ReadyAsync();

        // It takes calls before the cluster knows of its boot; then it says nothing more by the time the other one looks.
        await first.SettledAsync();
        Assert.Equal(2, await BootAsync(options with { Folder = _second.Path }, 0, []));
        await first.UntilAsync(() => first.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("another process writes as this instance", StringComparison.Ordinal))
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task Of_two_processes_of_one_name_that_begin_at_once_one_sends_calls(KafkaDurability durable)
    {
        var options = OptionsIn(_first.Path, durable) with { AnswerTimeout = TimeSpan.FromSeconds(10) };
        await BootAsync(options, 5, []);
        Copy(_first.Path, _second.Path);

        // Whatever they ask takes so long that neither sees the other begin.
        _cluster.SetDelay(1, TimeSpan.FromMilliseconds(300));
        var both = await Task.WhenAll(Task.Run(() => TemporaryKafkaLedger.Open(options)), Task.Run(() => TemporaryKafkaLedger.Open(options with { Folder = _second.Path })));
        try
        {
            await both[0].UntilAsync(() => both.Count(static l => l.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("another process writes as this instance", StringComparison.Ordinal)) == 1 && both.Count(static l => l.Ledger.Health.Status == LedgerStatus.Ready) == 1);
            _cluster.SetDelay(1, TimeSpan.Zero);
            await AppendAsync(both.Single(static l => l.Ledger.Health.Status == LedgerStatus.Ready), 5, []);
        }
        finally
        {
            await both[0].DisposeAsync();
            await both[1].DisposeAsync();
        }

        await using var reader = KafkaTools.Reader(options);
        var places = (await TemporaryLedger.ReadAllAsync(reader, LedgerPartition.Calls, 0)).Select(static r => EventReader.TryReadChain(r.Bytes.Span, out var link, out _) ? (link.Chain, link.Seq) : default).ToArray();
        Assert.NotEmpty(places);
        Assert.Equal(places.Length, places.Distinct().Count());
    }

    [Fact]
    public async Task A_first_boot_of_a_name_sees_another_that_began_since_it_looked()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        var late = options with { Folder = _second.Path };
        await using var reader = KafkaTools.Reader(late);
        await using var cluster = new ClusterSide(late, reader, KafkaTools.Telemetry, TimeProvider.System);
        var ledger = (await cluster.SeeAsync(TestContext.Current.CancellationToken)).Ledger;
        var boot = await KafkaBoot.CountAsync(late, known: null, ledger, new(), [], cluster.Landed, TestContext.Current.CancellationToken);
        Assert.Equal((1, true), (boot.Identity.Epoch, boot.IsFirst));
        Assert.Equal(1, await BootAsync(options, 5, []));
        using var started = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Control, null, new WriterStarted("test", "test", "strict"));
        Assert.Contains("another process writes as this instance", await cluster.BeginAsync(LedgerPartition.Control, boot, started, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_boot_whose_producer_fails_while_it_looks_goes_on_with_the_next_one()
    {
        const short Produce = 0;
        const int Taken = 0;
        const int NotAllowed = 29;
        var options = OptionsIn(_first.Path, KafkaDurability.Quorum);
        await BootAsync(options, 5, []);

        // The mark on the control log and the word that it began are taken, the mark on the log of calls is not.
        _cluster.FailNext(Produce, Taken, Taken, NotAllowed, NotAllowed);
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.ReadyAsync();
        await AppendAsync(ledger, 5, []);
    }

    [Fact]
    public async Task What_the_disk_holds_is_shipped_first_where_calls_now_go_past_it()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        var acknowledged = new List<EventId>();
        await BootAsync(options, 10, acknowledged);
        _cluster.SetDown(1, down: true);
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await AppendAsync(ledger, 30, acknowledged);
        }

        _cluster.SetDown(1, down: false);
        await BootAsync(options with { Durable = KafkaDurability.Quorum }, 10, acknowledged);
        await StandsOnceAsync(options, acknowledged);
        await BootAsync(options, 10, acknowledged);
        await StandsOnceAsync(options, acknowledged);
    }

    [Fact]
    public async Task A_folder_of_a_ledger_without_Kafka_is_refused_and_left_as_it_is()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        Directory.CreateDirectory(Path.Combine(_first.Path, "ledger", "calls-0"));
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("without Kafka", StringComparison.Ordinal));
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.Status);
        Assert.False(File.Exists(Path.Combine(_first.Path, "identity.json")));
    }

    [Fact]
    public async Task A_folder_of_another_ledger_takes_no_more_calls_once_the_topics_were_seen()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        await BootAsync(options, 10, []);
        var other = options with { TopicPrefix = "other." };
        await using var ledger = TemporaryKafkaLedger.Open(other);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("are those of ledger", StringComparison.Ordinal));
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.Status);
    }

    [Fact]
    public async Task A_client_that_cannot_be_made_is_trouble_and_not_the_end()
    {
        var options = OptionsIn(_first.Path, KafkaDurability.Disk);
        await BootAsync(options, 10, []);
        var unmade = options with { Client = new Dictionary<string, string>(options.Client) { ["security.protocol"] = "ssl", ["ssl.ca.location"] = Path.Combine(_first.Path, "missing.pem") } };
        await using var reader = KafkaTools.Reader(unmade);
        var told = await Assert.ThrowsAsync<IOException>(() => reader.BoundsAsync(LedgerPartition.Calls, TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("no client could be made", told.Message, StringComparison.Ordinal);
    }

    private KafkaLedgerOptions OptionsIn(string folder, KafkaDurability durable) =>
        _cluster.Hold(TemporaryKafkaLedger.SmallIn(folder) with { Durable = durable, AnswerTimeout = TimeSpan.FromSeconds(1) });

    private static async Task<long> BootAsync(KafkaLedgerOptions options, int appends, List<EventId> acknowledged)
    {
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.ReadyAsync();
        await AppendAsync(ledger, appends, acknowledged);
        await ledger.SettledAsync();
        return ledger.Ledger.Identity.Epoch;
    }

    private static async Task AppendAsync(TemporaryKafkaLedger ledger, int appends, List<EventId> acknowledged)
    {
        for (var i = 0; i < appends; i++)
        {
            var (id, appended) = await ledger.AppendAsync($"session-{i}", "", TestContext.Current.CancellationToken);
            Assert.True(appended.IsDurable);
            acknowledged.Add(id);
        }
    }

    private static async Task IsRefusedAsync(TemporaryKafkaLedger ledger, string reason)
    {
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains(reason, StringComparison.Ordinal));
        Assert.InRange(ledger.Ledger.Lag.Records, 10, long.MaxValue);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.Status);
    }

    private static async Task HoldsAsync(KafkaLedgerOptions options, List<EventId> acknowledged)
    {
        await using var reader = KafkaTools.Reader(options);
        await KafkaLoad.HoldsAsync(reader, acknowledged);
    }

    private static async Task StandsOnceAsync(KafkaLedgerOptions options, List<EventId> acknowledged)
    {
        await using var reader = KafkaTools.Reader(options);
        var there = (await TemporaryLedger.ReadAllAsync(reader, LedgerPartition.Calls, 0)).Select(static r => EventReader.TryReadChain(r.Bytes.Span, out _, out var id) ? id : default).ToArray();
        Assert.Equal(there.Length, there.Distinct().Count());
        Assert.Empty(acknowledged.Except(there));
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(static f => Path.GetFileName(f) != "lock"))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
