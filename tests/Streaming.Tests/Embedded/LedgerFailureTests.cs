using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class LedgerFailureTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task On_a_full_disk_appends_are_refused_and_go_on_by_themselves_when_there_is_room()
    {
        using var disk = SmallDisk.TryMount(4, out var reason);
        Assert.SkipWhen(disk is null, $"a small disk cannot be mounted: {reason}");
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(disk!.Path), TimeProvider.System);
        disk.Fill();
        Appended last;
        long durable = 1;
        do
        {
            last = await ledger.AppendAsync(LedgerLog.Calls, new string('f', 3000));
            durable += last.IsDurable ? 1 : 0;
        }
        while (last.IsDurable);

        Assert.Equal(AppendStatus.Unavailable, last.Status);
        Assert.Contains("No space left", ledger.Ledger.Health.Reason);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "still full")).Status);
        Assert.Equal(durable, (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0)).Count);
        disk.Free();
        await ReadyAsync(ledger.Ledger);
        var next = await ledger.AppendAsync(LedgerLog.Calls, "room");
        Assert.Equal(new(AppendStatus.Durable, LedgerPartition.Calls, durable), next);
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0));
        await ledger.CloseAsync();
        await using var again = await TemporaryLedger.OpenAsync(ledger.Options, TimeProvider.System);
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(again.Ledger, LedgerPartition.Calls, 0));
    }

    [Fact]
    public async Task A_read_only_disk_at_start_is_a_ledger_that_opens_when_it_can()
    {
        using var disk = SmallDisk.TryMount(4, out var reason);
        Assert.SkipWhen(disk is null, $"a small disk cannot be mounted: {reason}");
        Assert.SkipWhen(disk!.Remount(readOnly: true) is not null, "a disk cannot be remounted");
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(disk.Path), TimeProvider.System);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "no")).Status);
        Assert.Contains("Read-only", ledger.Ledger.Health.Reason);
        Assert.Null(disk.Remount(readOnly: false));
        await ReadyAsync(ledger.Ledger);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "yes")).IsDurable);
    }

    [Fact]
    public async Task A_sync_that_fails_takes_the_whole_group_back_and_the_chain_goes_on_without_a_gap()
    {
        using var folder = new TemporaryFolder();
        var failing = false;
        var options = TemporaryLedger.SmallIn(folder.Path) with
        {
            Sync = file =>
            {
                if (Volatile.Read(ref failing))
                {
                    throw new IOException("Input/output error");
                }

                DurableFile.Sync(file);
            },
        };
        await using (var ledger = await TemporaryLedger.OpenAsync(options, TimeProvider.System))
        {
            long durable = 1;
            for (var round = 0; round < 5; round++)
            {
                durable += (await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ledger.AppendAsync(LedgerLog.Calls, "good")))).Count(a => a.IsDurable);
                Volatile.Write(ref failing, true);
                var refused = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ledger.AppendAsync(LedgerLog.Calls, "bad")));
                Assert.All(refused, a => Assert.Equal(AppendStatus.Unavailable, a.Status));
                Assert.Contains("Input/output error", ledger.Ledger.Health.Reason);
                Assert.Equal(durable, (await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End);
                Volatile.Write(ref failing, false);
                await ReadyAsync(ledger.Ledger);
            }

            Assert.Equal(101, durable);
            var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
            ChainAssert.Holds(records);
            Assert.DoesNotContain(records, r => r.Bytes.Span.IndexOf("\"bad\""u8) >= 0);
        }

        var files = EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System);
        var all = await TemporaryLedger.ReadAllAsync(files, LedgerPartition.Calls, 0);
        ChainAssert.Holds(all);
        Assert.Equal(102, all.Count);
    }

    [Fact]
    public async Task A_ledger_file_that_is_removed_while_it_is_written_to_is_noticed_before_anybody_is_told_durable()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "before")).IsDurable);
        var path = Directory.EnumerateFiles(EmbeddedLedger.PartitionFolder(ledger.Folder, LedgerPartition.Calls), "*.seg").Single();
        File.Delete(path);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "lost")).Status);
        await ReadyAsync(ledger.Ledger);
        Assert.Equal(new(AppendStatus.Durable, LedgerPartition.Calls, 2), await ledger.AppendAsync(LedgerLog.Calls, "after"));
        var batch = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, 0, 1000, CancellationToken.None);
        Assert.Contains("cannot be read", batch.Damage);
    }

    [Fact]
    public async Task A_ledger_folder_that_is_moved_away_and_back_costs_nothing_but_refusals()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "before")).IsDurable);
        var home = Path.Combine(ledger.Folder, "ledger");
        Directory.Move(home, home + ".away");
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "away")).Status);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Control, "away")).Status);
        Directory.Move(home + ".away", home);
        await ReadyAsync(ledger.Ledger);
        Assert.Equal(new(AppendStatus.Durable, LedgerPartition.Calls, 2), await ledger.AppendAsync(LedgerLog.Calls, "back"));
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0));
    }

    [Fact]
    public async Task Two_writers_of_one_folder_are_one_too_many_and_the_second_takes_over_when_the_first_is_gone()
    {
        using var folder = new TemporaryFolder();
        await using var first = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        await using var second = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        Assert.Equal(AppendStatus.Unavailable, (await second.AppendAsync(LedgerLog.Calls, "second")).Status);
        Assert.Equal($"the ledger is locked by process {Environment.ProcessId}", second.Ledger.Health.Reason);
        Assert.True((await first.AppendAsync(LedgerLog.Calls, "first")).IsDurable);
        await first.CloseAsync();
        await ReadyAsync(second.Ledger);
        Assert.True((await second.AppendAsync(LedgerLog.Calls, "second")).IsDurable);
        Assert.Equal(2, second.Ledger.Identity.Epoch);
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(second.Ledger, LedgerPartition.Calls, 0));
    }

    [Fact]
    public async Task A_boot_that_is_tried_again_is_still_one_boot()
    {
        using var folder = new TemporaryFolder();
        var control = EmbeddedLedger.PartitionFolder(folder.Path, LedgerPartition.Control);
        Directory.CreateDirectory(Path.GetDirectoryName(control)!);
        File.WriteAllText(control, "in the way");
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "half open")).Status);
        Assert.Equal(0, ledger.Ledger.Identity.Epoch);
        File.Delete(control);
        await ReadyAsync(ledger.Ledger);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "open")).IsDurable);
        await ledger.CloseAsync();
        Assert.Equal(1, ledger.Ledger.Identity.Epoch);
        Assert.Equal(["writer.started.v1", "access.granted.v1", "writer.stopped.v1"], ChainAssert.Types(await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0)));
    }

    [Fact]
    public async Task Another_process_holds_the_lock_until_it_is_killed()
    {
        using var folder = new TemporaryFolder();
        using var child = AppenderProcess.Start(folder.Path);
        Assert.NotNull(await child.NextAsync());
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        Assert.Equal($"the ledger is locked by process {child.Id}", ledger.Ledger.Health.Reason);
        Assert.Equal(AppendStatus.Unavailable, (await ledger.AppendAsync(LedgerLog.Calls, "locked")).Status);
        child.Kill();
        await ReadyAsync(ledger.Ledger);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "free")).IsDurable);
    }

    [Fact]
    public async Task A_reader_beside_a_live_writer_sees_whole_records_in_order_and_no_damage()
    {
        using var folder = new TemporaryFolder();
        using var child = AppenderProcess.Start(folder.Path);
        Assert.NotNull(await child.NextAsync());
        _ = Task.Run(async () =>
        {
            while (await child.NextAsync() is not null)
            {
                // A full pipe would stop the appends.
            }
        });
        var files = EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System);
        var records = new List<LedgerRecord>();
        using var giveUp = new CancellationTokenSource(Enough);
        while (records.Count < 3000)
        {
            await files.WaitAsync(LedgerPartition.Calls, records.Count, giveUp.Token);
            var batch = await files.ReadAsync(LedgerPartition.Calls, records.Count, 64 * 1024, CancellationToken.None);
            Assert.Null(batch.Damage);
            records.AddRange(batch.Records);
        }

        child.Kill();
        ChainAssert.Holds(records);
    }

    internal static async Task ReadyAsync(EmbeddedLedger ledger)
    {
        using var giveUp = new CancellationTokenSource(Enough);
        while (ledger.Health.Status == LedgerStatus.Unavailable)
        {
            await Task.Delay(5, giveUp.Token);
        }
    }
}
