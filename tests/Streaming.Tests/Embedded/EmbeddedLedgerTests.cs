using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class EmbeddedLedgerTests
{
    [Fact]
    public async Task A_boot_begins_with_started_and_ends_with_stopped_and_links_to_the_boot_before()
    {
        using var folder = new TemporaryFolder();
        for (var boot = 1; boot <= 3; boot++)
        {
            await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
            Assert.Equal(boot, ledger.Ledger.Identity.Epoch);
            Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "call")).IsDurable);
        }

        await using var last = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        var records = await TemporaryLedger.ReadAllAsync(last.Ledger, LedgerPartition.Calls, 0);
        ChainAssert.Holds(records);
        Assert.Equal(
            [.. Enumerable.Repeat((string[])["writer.started.v1", "access.granted.v1", "writer.stopped.v1"], 3).SelectMany(t => t), "writer.started.v1"],
            ChainAssert.Types(records));
        Assert.True(EventReader.TryRead(records[^1].Bytes.Span, out var started, out _));
        Assert.Equal($"test/4/calls-0", started!.Header.Chain.Chain);
        Assert.Equal($"/ledger/test/4", started.Header.Source);
        Assert.Equal(Digest.Of(records[^2].Bytes.Span), started.Header.Chain.Prev);
    }

    [Fact]
    public async Task The_identity_outlives_the_process()
    {
        using var folder = new TemporaryFolder();
        LedgerIdentity first;
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { Instance = null }, TimeProvider.System))
        {
            first = ledger.Ledger.Identity;
        }

        await using var again = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { Instance = null }, TimeProvider.System);
        Assert.Equal(first with { Epoch = 2 }, again.Ledger.Identity);
        Assert.Matches("^localhost/mcpledger/[0-9a-f]{8}$", first.Origin);
        Assert.Equal(again.Ledger.Identity, LedgerIdentity.Read(folder.Path));
    }

    [Fact]
    public async Task Each_name_of_a_folder_goes_on_from_its_own_chain()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<LedgerRecord> records = [];
        foreach (var name in (string[])["one", "other", "one", "other"])
        {
            await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { Instance = name }, TimeProvider.System);
            await ledger.AppendAsync(LedgerLog.Calls, new string('x', 2000));
            records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
        }

        var (chains, faults) = (new ChainVerifier(fromTheBeginning: true), new List<ChainFault>());
        foreach (var record in records)
        {
            chains.Feed(LedgerLeaf.Of(record.Partition, record.Offset, record.Bytes.Span, out var prev), prev, faults);
        }

        chains.Settle(faults);
        Assert.Empty(faults);
    }

    [Fact]
    public async Task Records_roll_over_many_segments_and_read_as_one_sequence()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => ledger.AppendAsync(LedgerLog.Calls, new string('x', i % 900))));
        var segments = ledger.Ledger.ListSegments(LedgerPartition.Calls);
        Assert.True(segments.Count > 5);
        Assert.True(segments[^1].Open);
        Assert.All(segments, s => Assert.NotNull(s.FirstTime));
        Assert.Equal(segments.Skip(1).Select(s => s.FirstOffset), segments.SkipLast(1).Select(s => s.LastOffset + 1));
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
        Assert.Equal(3001, records.Count);
        ChainAssert.Holds(records);
        foreach (var offset in (long[])[0, 1, 999, 1000, 2500, 3000])
        {
            var one = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, offset, 1, CancellationToken.None);
            Assert.Equal(records[(int)offset].Bytes.ToArray(), one.Records[0].Bytes.ToArray());
        }
    }

    [Fact]
    public async Task Segments_are_dropped_from_the_front_only_and_never_the_open_one()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => ledger.AppendAsync(LedgerLog.Calls, new string('x', i % 900))));
        var segments = ledger.Ledger.ListSegments(LedgerPartition.Calls);
        Assert.Empty(await ledger.Ledger.DropThroughAsync(LedgerPartition.Calls, segments[0].LastOffset - 1, CancellationToken.None));
        var dropped = await ledger.Ledger.DropThroughAsync(LedgerPartition.Calls, segments[2].LastOffset - 1, CancellationToken.None);
        Assert.Equal(segments.Take(2), dropped);
        var bounds = await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None);
        Assert.Equal(new LedgerBounds(segments[2].FirstOffset, 3001), bounds);
        Assert.Equal(segments[2].FirstOffset, (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0))[0].Offset);
        await ledger.Ledger.DropThroughAsync(LedgerPartition.Calls, long.MaxValue - 1, CancellationToken.None);
        Assert.Single(ledger.Ledger.ListSegments(LedgerPartition.Calls));
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "after")).IsDurable);
        await ledger.CloseAsync();
        await using var again = await TemporaryLedger.OpenAsync(ledger.Options, TimeProvider.System);
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(again.Ledger, LedgerPartition.Calls, 0));
    }

    [Fact]
    public async Task Heartbeats_carry_the_counters()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        using var folder = new TemporaryFolder();
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { HeartbeatInterval = TimeSpan.FromSeconds(10) }, time);
        ledger.Ledger.Counters.CountReceived();
        ledger.Ledger.Counters.CountReceived();
        ledger.Ledger.Counters.CountHandled();
        ledger.Ledger.Counters.CountDropped();
        time.Advance(TimeSpan.FromSeconds(10));
        await ledger.Ledger.WaitAsync(LedgerPartition.Calls, 1, CancellationToken.None);
        var beat = (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, 1, 1, CancellationToken.None)).Records[0];
        Assert.True(EventReader.TryRead(beat.Bytes.Span, out var read, out _));
        Assert.Equal(new Heartbeat(Written: 1, Received: 2, Handled: 1, Dropped: 1), read!.Data);
    }

    [Fact]
    public async Task More_than_the_queue_holds_is_pushed_back_and_nothing_of_it_is_stored()
    {
        using var folder = new TemporaryFolder();
        using var go = new ManualResetEventSlim();
        var blocked = false;
        var options = TemporaryLedger.SmallIn(folder.Path) with
        {
            MaxQueuedAppends = 10,
            Sync = file =>
            {
                DurableFile.Sync(file);
                if (Volatile.Read(ref blocked))
                {
                    go.Wait();
                }
            },
        };
        await using var ledger = await TemporaryLedger.OpenAsync(options, TimeProvider.System);
        Volatile.Write(ref blocked, true);
        var appends = Enumerable.Range(0, 100).Select(i => ledger.AppendAsync(LedgerLog.Calls, "x")).ToArray();
        Volatile.Write(ref blocked, false);
        go.Set();
        var answers = await Task.WhenAll(appends);
        var durable = answers.Count(a => a.IsDurable);
        Assert.Equal(100 - durable, answers.Count(a => a.Status == AppendStatus.Pushback));
        Assert.InRange(durable, 10, 30);
        Assert.Equal(durable + 1, (await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End);
    }

    [Fact]
    public async Task A_cancelled_wait_ends_at_once_and_does_not_unwrite_the_record()
    {
        using var folder = new TemporaryFolder();
        using var go = new ManualResetEventSlim(initialState: true);
        var options = TemporaryLedger.SmallIn(folder.Path) with
        {
            Sync = file =>
            {
                go.Wait();
                DurableFile.Sync(file);
            },
        };
        await using var ledger = await TemporaryLedger.OpenAsync(options, TimeProvider.System);
        go.Reset();
        using var cancel = new CancellationTokenSource();
        var draft = TemporaryLedger.Draft(LedgerLog.Calls, "gone");
        var append = ledger.Ledger.AppendAsync(draft, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        draft.Dispose();
        go.Set();
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "next")).IsDurable);
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
        Assert.Equal(3, records.Count);
        ChainAssert.Holds(records);
    }

    [Fact]
    public async Task A_reader_that_is_ahead_of_the_ledger_is_told_so()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await ledger.AppendAsync(LedgerLog.Calls, "one");
        var end = (await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End;

        var batch = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, end + 3, 1, CancellationToken.None);

        Assert.Equal((0, end + 3), (batch.Records.Count, batch.Next));
        Assert.Contains($"the records from there to {end + 2} are gone", batch.Damage, StringComparison.Ordinal);
        Assert.Null((await ledger.Ledger.ReadAsync(LedgerPartition.Calls, end, 1, CancellationToken.None)).Damage);
    }

    [Fact]
    public async Task After_the_end_appends_are_refused_and_records_can_still_be_read()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await ledger.CloseAsync();
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "late")).Status);
        Assert.Equal(LedgerStatus.Unavailable, ledger.Ledger.Health.Status);
        Assert.Equal(2, (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0)).Count);
    }

    [Fact]
    public async Task A_quota_warns_then_refuses_calls_but_not_control_and_dropping_makes_room()
    {
        using var folder = new TemporaryFolder();
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { QuotaBytes = 1024 * 1024 }, TimeProvider.System);
        var seen = new HashSet<LedgerStatus>();
        Appended last;
        do
        {
            last = await ledger.AppendAsync(LedgerLog.Calls, new string('q', 4000));
            seen.Add(ledger.Ledger.Health.Status);
        }
        while (last.IsDurable);

        Assert.Equal(AppendStatus.Unavailable, last.Status);
        Assert.Equal([LedgerStatus.Unavailable, LedgerStatus.Degraded, LedgerStatus.Ready], seen.Order());
        Assert.Contains("quota", ledger.Ledger.Health.Reason);
        Assert.True((await ledger.AppendAsync(LedgerLog.Control, "retention")).IsDurable);
        await ledger.Ledger.DropThroughAsync(LedgerPartition.Calls, long.MaxValue - 1, CancellationToken.None);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "again")).IsDurable);
        Assert.Equal(LedgerStatus.Ready, ledger.Ledger.Health.Status);
    }

    [Fact]
    public async Task Options_that_contradict_themselves_are_refused()
    {
        using var folder = new TemporaryFolder();
        await Assert.ThrowsAsync<ArgumentException>(() => TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { Instance = "a b" }, TimeProvider.System));
        await Assert.ThrowsAsync<ArgumentException>(() => TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { MaxRecordBytes = 200 * 1024 }, TimeProvider.System));
        await Assert.ThrowsAsync<ArgumentException>(() => TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path) with { SegmentBytes = 1000 }, TimeProvider.System));
    }

    [Fact]
    public async Task Records_that_are_kept_stay_as_they_are_while_others_give_theirs_back()
    {
        using var folder = new TemporaryFolder();
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        for (var i = 0; i < 200; i++)
        {
            await ledger.AppendAsync(LedgerLog.Calls, new string((char)('a' + (i % 26)), 1500));
        }

        var kept = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, 0, 256 * 1024, CancellationToken.None);
        var digests = kept.Records.Select(static r => Digest.Of(r.Bytes.Span)).ToArray();
        for (var from = 0L; from < kept.Next; from += 10)
        {
            var other = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, from, 64 * 1024, CancellationToken.None);
            Assert.Equal(digests[(int)from], Digest.Of(other.Records[0].Bytes.Span));
            other.GiveBack();
            (other with { Damage = "again" }).GiveBack();
        }

        Assert.Equal(digests, kept.Records.Select(static r => Digest.Of(r.Bytes.Span)));
    }
}
