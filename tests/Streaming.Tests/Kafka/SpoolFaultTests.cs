using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>What waits on this disk while the cluster is away, and what stands in its way.</summary>
public sealed class SpoolFaultTests : IDisposable
{
    private const short Produce = 0;
    private const int Taken = 0;
    private const int NotEnoughReplicas = 19;

    private readonly MockCluster _cluster = new(1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _cluster.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_waits_since_a_start_without_a_cluster_has_an_age_and_its_bound_holds()
    {
        var options = Options();
        await LeaveAsync(options, appends: 0);
        _cluster.SetDown(1, down: true);
        await using var ledger = TemporaryKafkaLedger.Open(options with { Spool = options.Spool with { MaxAge = TimeSpan.FromSeconds(1) } });
        await ledger.UntilAsync(() => ledger.Ledger.Lag.Age > TimeSpan.Zero);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("the oldest record has waited", StringComparison.Ordinal));
        _cluster.SetDown(1, down: false);
        await ledger.SettledAsync();
        await ledger.UntilAsync(() => ledger.Ledger.Health.Status == LedgerStatus.Ready);
        Assert.Equal(default, ledger.Ledger.Lag);
    }

    [Fact]
    public async Task A_segment_that_can_be_read_again_is_no_trouble_any_more_while_its_records_are_under_way()
    {
        var options = Options();
        await LeaveAsync(options, appends: 30);
        await using var reader = KafkaTools.Reader(options);
        await using var cluster = new ClusterSide(options, reader, KafkaTools.Telemetry, TimeProvider.System);
        var identity = LedgerIdentity.Read(options.Folder)!;
        await cluster.SeeAsync(TestContext.Current.CancellationToken);
        var log = Spool.LogOf(Path.Combine(options.Folder, "kafka"));
        log.LookAgain();
        var positions = LedgerPositions.Read(Path.Combine(options.Folder, "kafka"), identity.Ledger);
        using var shipper = new SpoolShipper(log, positions.Shipped, options.Spool with { MaxUnderWay = 1 }, new(options), cluster.Producer!, cluster.Landed, TimeProvider.System);
        Assert.Null(await shipper.BeginAsync([LedgerPartition.Calls], identity, isRunning: false, positions, positions, reader, TestContext.Current.CancellationToken));
        var segment = log.Segments[^1].Path;
        File.Move(segment, segment + ".away");
        using var stop = new CancellationTokenSource();
        var running = shipper.RunAsync(toTheEnd: false, stop.Token);
        await UntilAsync(() => shipper.Trouble is not null);

        // One record is under way from now on and stays so.
        _cluster.SetDown(1, down: true);
        File.Move(segment + ".away", segment);
        await UntilAsync(() => shipper.Trouble is null);
        Assert.InRange(shipper.Left, 1, long.MaxValue);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_is_under_way_is_bounded_by_its_bytes_too()
    {
        const int Most = 256 * 1024;
        var options = Options();
        await LeaveAsync(options, appends: 40, detail: new('x', 60 * 1024));
        await using var reader = KafkaTools.Reader(options);
        await using var cluster = new ClusterSide(options, reader, KafkaTools.Telemetry, TimeProvider.System);
        var identity = LedgerIdentity.Read(options.Folder)!;
        await cluster.SeeAsync(TestContext.Current.CancellationToken);
        var log = Spool.LogOf(Path.Combine(options.Folder, "kafka"));
        log.LookAgain();
        var positions = LedgerPositions.Read(Path.Combine(options.Folder, "kafka"), identity.Ledger);
        using var shipper = new SpoolShipper(log, positions.Shipped, options.Spool with { MaxUnderWayBytes = Most }, new(options), cluster.Producer!, cluster.Landed, TimeProvider.System);
        Assert.Null(await shipper.BeginAsync([LedgerPartition.Calls], identity, isRunning: false, positions, positions, reader, TestContext.Current.CancellationToken));
        _cluster.SetDown(1, down: true);
        var running = shipper.RunToEndAsync(patience: null, TestContext.Current.CancellationToken);
        await UntilAsync(() => UnderWay() >= Most);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.InRange(UnderWay(), Most, Most + options.MaxRecordBytes);
        _cluster.SetDown(1, down: false);
        await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, shipper.Left);

        long UnderWay() => cluster.Producer!.Tracks.Sum(static t => t.Bytes);
    }

    [Theory]
    [InlineData(KafkaDurability.Disk)]
    [InlineData(KafkaDurability.Quorum)]
    public async Task Signs_of_life_do_not_pile_up_while_the_cluster_is_away(KafkaDurability durable)
    {
        await using var ledger = TemporaryKafkaLedger.Open(Options() with { Durable = durable, HeartbeatInterval = TimeSpan.FromMilliseconds(10), Spool = new() { MaxRecords = 20 } });
        await ledger.ReadyAsync();
        _cluster.SetDown(1, down: true);
        await ledger.UntilAsync(() => ledger.Ledger.Health.Status == LedgerStatus.Unavailable);
        var waiting = Waiting();
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.InRange(Waiting(), 0, waiting + 8);
        _cluster.SetDown(1, down: false);
        await ledger.ReadyAsync();

        // What lies in the spool is counted once more while it is under way.
        long Waiting() => durable == KafkaDurability.Disk ? ledger.Ledger.Lag.Records : ledger.Ledger.Health.Queued;
    }

    [Fact]
    public async Task A_mark_to_look_behind_is_passed_over_by_readers()
    {
        await using var ledger = TemporaryKafkaLedger.Open(Options());
        await ledger.ReadyAsync();
        await ledger.SettledAsync();
        await using var reader = KafkaTools.Reader(ledger.Options);
        await using var cluster = new ClusterSide(ledger.Options, reader, KafkaTools.Telemetry, TimeProvider.System);
        await cluster.SeeAsync(TestContext.Current.CancellationToken);
        var before = await TemporaryLedger.ReadAllAsync(reader, LedgerPartition.Calls, 0);
        await cluster.Producer!.SeeAllAsync(LedgerPartition.Calls, TestContext.Current.CancellationToken);
        var bounds = await reader.BoundsAsync(LedgerPartition.Calls, TestContext.Current.CancellationToken);
        var batch = await reader.ReadAsync(LedgerPartition.Calls, before[^1].Offset + 1, 1024, TestContext.Current.CancellationToken);
        Assert.Equal((0, bounds.End, null), (batch.Records.Count, batch.Next, batch.Damage));
        Assert.Equal(before[^1].Offset + 2, bounds.End);
        Assert.True((await ledger.AppendAsync("session-1", "behind", TestContext.Current.CancellationToken)).Appended.IsDurable);
        await ledger.SettledAsync();
        Assert.Equal(before.Count + 1, (await TemporaryLedger.ReadAllAsync(reader, LedgerPartition.Calls, 0)).Count);
    }

    [Fact]
    public async Task A_shipment_by_hand_ends_when_the_cluster_takes_nothing()
    {
        var options = Options();
        await LeaveAsync(options, appends: 30);
        _cluster.FailNext(Produce, [Taken, .. Enumerable.Repeat(NotEnoughReplicas, 1000)]);
        var report = await KafkaTools.ShipAsync(options).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(0, report.Shipped);
        Assert.Contains("acknowledged", report.Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_place_that_was_accepted_is_stepped_over_and_all_behind_it_is_shipped()
    {
        var options = Options();
        await LeaveAsync(options, appends: 30);
        var segment = Directory.EnumerateFiles(Path.Combine(options.Folder, "kafka", "spool"), "*.seg").Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf("detail-10"u8)] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Degraded, Reason: { } said } && said.Contains("the spool is damaged", StringComparison.Ordinal));

        // The record, and the offsets that were left out behind the segment for all that it may have held.
        var damage = ledger.Ledger.FindDamage(TestContext.Current.CancellationToken);
        Assert.Equal(2, damage.Count);
        Assert.Equal(1, damage[0].NextOffset - damage[0].FirstOffset);
        foreach (var stretch in damage)
        {
            ledger.Ledger.AcceptDamage(stretch);
        }

        await ledger.SettledAsync();
        Assert.Empty(ledger.Ledger.FindDamage(TestContext.Current.CancellationToken));
        var there = (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0))
            .Select(static r => EventReader.TryRead(r.Bytes.Span, out var read, out _) && read!.Data is AccessGranted granted ? granted.Detail : null).OfType<string>();
        Assert.Equal(Enumerable.Range(0, 30).Where(static i => i != 10).Select(static i => $"detail-{i}"), there);
    }

    [Fact]
    public async Task A_segment_that_may_not_be_read_keeps_no_ledger_closed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "Whoever runs this may read every file.");
        var options = Options();
        await LeaveAsync(options, appends: 30, detail: new('x', 60 * 1024));
        var segment = Directory.EnumerateFiles(Path.Combine(options.Folder, "kafka", "spool"), "*.seg").Order(StringComparer.Ordinal).First();
#pragma warning disable CA1416 // Skipped on Windows above.
        File.SetUnixFileMode(segment, UnixFileMode.None);
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Degraded, Reason: { } said } && said.Contains(Path.GetFileName(segment), StringComparison.Ordinal));
        Assert.True((await ledger.AppendAsync("session-1", "after", TestContext.Current.CancellationToken)).Appended.IsDurable);
        File.SetUnixFileMode(segment, UnixFileMode.UserRead | UnixFileMode.UserWrite);
#pragma warning restore CA1416
        await ledger.SettledAsync();
    }

    [Fact]
    public async Task A_boot_behind_a_lost_page_goes_on_from_the_last_record_that_can_be_read_and_only_the_gap_is_named()
    {
        var options = Options();
        await LeaveAsync(options, appends: 30);
        var segment = Directory.EnumerateFiles(Path.Combine(options.Folder, "kafka", "spool"), "*.seg").Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        var from = bytes.AsSpan().IndexOf("detail-10"u8);
        bytes.AsSpan(from..bytes.AsSpan().IndexOf("detail-13"u8)).Clear();
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Degraded, Reason: { } said } && said.Contains("the spool is damaged", StringComparison.Ordinal));
        Assert.True((await ledger.AppendAsync("session-1", "after", TestContext.Current.CancellationToken)).Appended.IsDurable);
        ledger.Ledger.AcceptDamage(Assert.Single(ledger.Ledger.FindDamage(TestContext.Current.CancellationToken)));
        await ledger.SettledAsync();

        var (chains, faults) = (new ChainVerifier(fromTheBeginning: true), new List<ChainFault>());
        foreach (var record in await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0))
        {
            chains.Feed(LedgerLeaf.Of(LedgerPartition.Calls, record.Offset, record.Bytes.Span, out var prev), prev, faults);
        }

        chains.Settle(faults);
        Assert.Equal([ChainFaultKind.Gap], faults.Select(static f => f.Kind));
    }

    [Fact]
    public async Task A_left_spool_that_ends_in_what_was_accepted_as_lost_keeps_no_ledger_closed()
    {
        var options = Options();
        await LeaveLostEndAsync(options);
        await using var ledger = TemporaryKafkaLedger.Open(options with { Durable = KafkaDurability.Quorum });
        await ledger.ReadyAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True((await ledger.AppendAsync("session-1", "after", TestContext.Current.CancellationToken)).Appended.IsDurable);
    }

    [Fact]
    public async Task A_left_spool_that_ends_in_damage_keeps_a_ledger_closed_until_it_is_accepted()
    {
        var options = Options();
        await LeaveAsync(options, appends: 5);
        await DamageEndAsync(options);
        await using var ledger = TemporaryKafkaLedger.Open(options with { Durable = KafkaDurability.Quorum });
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: { } said } && said.Contains("the spool is damaged", StringComparison.Ordinal));
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync("session-1", "before", TestContext.Current.CancellationToken)).Appended.Status);
        foreach (var stretch in ledger.Ledger.FindDamage(TestContext.Current.CancellationToken))
        {
            ledger.Ledger.AcceptDamage(stretch);
        }

        await ledger.ReadyAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True((await ledger.AppendAsync("session-1", "after", TestContext.Current.CancellationToken)).Appended.IsDurable);
    }

    [Fact]
    public async Task A_shipment_by_hand_counts_records_and_not_what_is_lost()
    {
        var options = Options();
        await LeaveLostEndAsync(options);
        var report = await KafkaTools.ShipAsync(options);
        Assert.Null(report.Trouble);
        Assert.InRange(report.Shipped, 4, 10);
        Assert.InRange(report.Records, report.Shipped, 10);
        Assert.Equal(0, (await KafkaTools.ShipAsync(options)).Shipped);
    }

    /// <summary>Leaves calls of which the last, and all behind it, is lost and accepted as that.</summary>
    private async Task LeaveLostEndAsync(KafkaLedgerOptions options)
    {
        await LeaveAsync(options, appends: 5);
        await DamageEndAsync(options);
        using var left = new SpoolFiles(options, KafkaTools.Files, TimeProvider.System, taken: null);
        var damage = left.FindDamage(TestContext.Current.CancellationToken);
        Assert.NotEmpty(damage);
        foreach (var stretch in damage)
        {
            left.AcceptDamage(stretch);
        }

        Assert.Empty(left.FindDamage(TestContext.Current.CancellationToken));
    }

    /// <summary>Breaks the last call that was left and the end of its chain.</summary>
    private static async Task DamageEndAsync(KafkaLedgerOptions options)
    {
        var segment = Directory.EnumerateFiles(Path.Combine(options.Folder, "kafka", "spool"), "*.seg").Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        var (at, stopped) = (bytes.AsSpan().IndexOf("detail-4"u8), bytes.AsSpan().LastIndexOf("writer.stopped.v1"u8));
        (bytes[at], bytes[stopped]) = ((byte)(bytes[at] ^ 1), (byte)(bytes[stopped] ^ 1));
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
    }

    /// <summary>Boots once with the cluster, then leaves calls on the disk without it.</summary>
    private async Task LeaveAsync(KafkaLedgerOptions options, int appends, string? detail = null)
    {
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            await ledger.SettledAsync();
        }

        if (appends > 0)
        {
            _cluster.SetDown(1, down: true);
            await using (var ledger = TemporaryKafkaLedger.Open(options))
            {
                for (var i = 0; i < appends; i++)
                {
                    Assert.True((await ledger.AppendAsync($"session-{i}", detail ?? $"detail-{i}", TestContext.Current.CancellationToken)).Appended.IsDurable);
                }
            }

            _cluster.SetDown(1, down: false);
        }
    }

    private KafkaLedgerOptions Options() => _cluster.Hold(TemporaryKafkaLedger.SmallIn(_folder.Path) with { AnswerTimeout = TimeSpan.FromSeconds(1), StallAfter = TimeSpan.FromMilliseconds(500) });

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
