using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class LedgerDamageTests
{
    private const int Flips = 300;

    [Fact]
    public async Task Every_flipped_bit_of_a_closed_ledger_is_found_and_named()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 700);
        Assert.True(files.Length >= 3);
        var random = new Random(20261124);
        for (var i = 0; i < Flips; i++)
        {
            var path = files[random.Next(files.Length)];
            var bytes = File.ReadAllBytes(path);
            var written = Array.FindLastIndex(bytes, b => b != 0) + 1;
            var at = random.Next(written);
            Flip(path, at, (byte)(1 << random.Next(8)));
            var damage = await FirstDamageAsync(folder.Path);
            Assert.True(damage is not null, $"a flipped bit at byte {at} of {Path.GetFileName(path)} was not found");
            Assert.Contains(Path.GetFileName(path), damage);
            File.WriteAllBytes(path, bytes);
        }

        Assert.Null(await FirstDamageAsync(folder.Path));
    }

    [Fact]
    public void A_segment_that_may_not_be_read_is_trouble_of_the_disk()
    {
        // What stands in a file's place is refused as a file without a permission is, whoever asks.
        using var folder = new TemporaryFolder();
        Assert.Throws<IOException>(() => new Segment(folder.Path, 0).OpenToRead());
    }

    [Fact]
    public async Task Damage_in_the_middle_is_named_with_its_offset_and_position_and_nothing_before_it_is_lost()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 700);
        var position = PositionOf(files[1], 5);
        Flip(files[1], position + 20, 1);
        var files2 = EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System);
        SegmentFormat.TryReadFileName(files[1], out var baseOffset);
        var records = new List<LedgerRecord>();
        ReadBatch batch;
        long from = 0;
        do
        {
            batch = await files2.ReadAsync(LedgerPartition.Calls, from, 64 * 1024, CancellationToken.None);
            records.AddRange(batch.Records);
            from = batch.Next;
        }
        while (batch.Damage is null && batch.Records.Count > 0);

        Assert.Equal(baseOffset + 5, batch.Next);
        Assert.Equal(baseOffset + 5, records.Count);
        Assert.StartsWith($"calls-0 offset {baseOffset + 5}: {Path.GetFileName(files[1])} at byte {position}: a record of", batch.Damage);
        Assert.Contains("does not match its checksum", batch.Damage);
        Assert.Equal(batch.Damage, (await files2.ReadAsync(LedgerPartition.Calls, batch.Next, 1000, CancellationToken.None)).Damage);
    }

    [Fact]
    public async Task A_ledger_damaged_in_its_last_segment_goes_on_in_a_new_one_and_the_damage_stays_named()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 20);
        Flip(files[^1], PositionOf(files[^1], 7) + 30, 4);
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System))
        {
            Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
            Assert.Contains("offset 7", ledger.Ledger.Health.Reason);
            var appended = await ledger.AppendAsync(LedgerLog.Calls, "after");
            Assert.True(appended.IsDurable);
            Assert.Equal(appended.Offset, (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, appended.Offset, 1, CancellationToken.None)).Records[0].Offset);
            var batch = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, 0, 1024 * 1024, CancellationToken.None);
            Assert.Equal(7, batch.Records.Count);
            Assert.Contains("offset 7", batch.Damage);
        }

        Assert.Contains("offset 7", await FirstDamageAsync(folder.Path));
    }

    [Fact]
    public async Task A_torn_last_write_is_cut_and_the_chain_goes_on()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 20);
        File.Delete(Path.Combine(Path.GetDirectoryName(files[^1])!, PartitionRecovery.ClosedName));
        var last = files[^1];
        var end = PositionOf(last, 22);

        // A group of three whose first page never reached the disk.
        var frame = new byte[SegmentFormat.Framed(500)];
        frame.AsSpan(SegmentFormat.RecordHeaderLength, 500).Fill((byte)'t');
        SegmentFormat.SealFrame(frame, 500, startsGroup: false);
        Write(last, end + frame.Length, frame);
        Write(last, end + (2 * frame.Length), frame.AsSpan(0, 100).ToArray());

        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        Assert.Equal(LedgerStatus.Ready, ledger.Ledger.Health.Status);
        Assert.Equal(22, (await ledger.AppendAsync(LedgerLog.Calls, "next")).Offset - 1);
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0));
    }

    [Fact]
    public async Task A_record_that_a_later_write_follows_is_never_cut()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 20);
        File.Delete(Path.Combine(Path.GetDirectoryName(files[^1])!, PartitionRecovery.ClosedName));
        Flip(files[^1], PositionOf(files[^1], 3) + 1, 0xFF);
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
        Assert.Contains("a later write stands", ledger.Ledger.Health.Reason);
    }

    [Fact]
    public async Task A_segment_that_is_missing_in_the_middle_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 1500);
        File.Delete(files[1]);
        SegmentFormat.TryReadFileName(files[1], out var first);
        SegmentFormat.TryReadFileName(files[2], out var next);
        Assert.Contains($"the records {first} to {next - 1} are missing", await FirstDamageAsync(folder.Path));
    }

    [Fact]
    public async Task A_last_segment_that_is_cut_off_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 20);
        var at = PositionOf(files[^1], 10);
        using (var file = File.OpenHandle(files[^1], FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(file, at);
        }

        Assert.Contains("bytes were set aside", await FirstDamageAsync(folder.Path));
    }

    [Fact]
    public async Task A_last_segment_that_was_set_back_to_an_older_copy_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = await FillAsync(folder.Path, 20);
        var at = PositionOf(files[^1], 10);
        var bytes = File.ReadAllBytes(files[^1]);
        bytes.AsSpan((int)at).Clear();
        File.WriteAllBytes(files[^1], bytes);
        Assert.Contains("closed in good order", await FirstDamageAsync(folder.Path));
    }

    private static async Task<string[]> FillAsync(string folder, int records)
    {
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder), TimeProvider.System))
        {
            for (var i = 0; i < records; i++)
            {
                Assert.True((await ledger.AppendAsync(LedgerLog.Calls, new string('d', 100 + (i * 13 % 900)))).IsDurable);
            }
        }

        return [.. Directory.EnumerateFiles(EmbeddedLedger.PartitionFolder(folder, LedgerPartition.Calls), "*.seg").Order(StringComparer.Ordinal)];
    }

    private static long PositionOf(string path, int record)
    {
        using var file = File.OpenHandle(path);
        using var cursor = new SegmentCursor(file, SegmentFormat.HeaderLength, RandomAccess.GetLength(file), 64 * 1024);
        for (var i = 0; i < record; i++)
        {
            Assert.Equal(CursorStop.Record, cursor.Step());
        }

        return cursor.Position;
    }

    private static async Task<string?> FirstDamageAsync(string folder)
    {
        var files = EmbeddedLedgerFiles.OpenReadOnly(folder, TimeProvider.System);
        long from = 0;
        while (true)
        {
            var batch = await files.ReadAsync(LedgerPartition.Calls, from, 256 * 1024, CancellationToken.None);
            if (batch.Damage is not null || batch.Records.Count == 0)
            {
                return batch.Damage;
            }

            from = batch.Next;
        }
    }

    private static void Flip(string path, long at, byte mask)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        Span<byte> one = stackalloc byte[1];
        RandomAccess.Read(file, one, at);
        one[0] ^= mask;
        RandomAccess.Write(file, one, at);
    }

    private static void Write(string path, long at, byte[] bytes)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.Write(file, bytes, at);
    }
}
