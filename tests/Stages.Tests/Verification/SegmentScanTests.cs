using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>Segments that are read while their writer goes on.</summary>
public sealed class SegmentScanTests
{
    [Fact]
    public async Task A_segment_that_ends_earlier_while_it_is_read_is_read_to_its_end()
    {
        using var folder = new TemporaryFolder();
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System))
        {
            await ledger.AppendAsync(LedgerLog.Calls, "one");
            await ledger.AppendAsync(LedgerLog.Calls, "two");
        }

        var scan = new SegmentScan(Path.Combine(folder.Path, "ledger", "calls-0"));
        var seen = new Shortening(Assert.Single(scan.Segments).Path);

        await Task.Run(() => scan.Read(0, long.MaxValue, seen, CancellationToken.None), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal([0, 1, 2, 3], seen.Offsets);
    }

    [Fact]
    public async Task A_ledger_that_is_written_to_meanwhile_is_never_called_broken()
    {
        using var ledger = await SealedLedger.MakeAsync(400);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        using var ended = new CancellationTokenSource();
        var writing = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => WriteAsync()));
        for (var i = 0; i < 20; i++)
        {
            var report = await Task.Run(() => ledger.Verify(), TestContext.Current.CancellationToken);
            Assert.True(report.IsSound, string.Join('\n', report.Findings));
            Assert.DoesNotContain(report.Findings, f => f.Check == VerificationChecks.TornTail);
        }

        await ended.CancelAsync();
        await writing;

        async Task WriteAsync()
        {
            while (!ended.IsCancellationRequested)
            {
                Assert.True((await open.AppendAsync(LedgerLog.Calls, new string('x', 2000))).IsDurable);
            }
        }
    }

    [Fact]
    public async Task A_forged_segment_does_not_hide_behind_files_that_no_ledger_reads()
    {
        using var ledger = await SealedLedger.MakeAsync(400);
        var genuine = await File.ReadAllBytesAsync(ledger.Segments[0], TestContext.Current.CancellationToken);
        ledger.Rewrite(20, (records, i) => records[i] = [.. records[i], (byte)' ']);
        for (var digits = 1; digits < 20; digits++)
        {
            await File.WriteAllBytesAsync(Path.Combine(ledger.Folder, "ledger", "calls-0", $"{new string('0', digits)}.seg"), genuine, TestContext.Current.CancellationToken);
        }

        var report = ledger.Verify();

        Assert.Contains(report.Findings, f => f is { Check: VerificationChecks.RecordAltered, Offset: 20 });
        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.SegmentDamaged && f.Found!.Contains(" 000.seg", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(79)]
    public async Task Records_that_are_written_between_two_reads_are_read_and_are_no_damage(int known)
    {
        const int Records = 80;
        const int Longest = 90_000;
        using var ledger = await SealedLedger.MakeAsync(20);
        var path = ledger.Segments[0];
        ledger.Forge(Path.GetFileName(path), 0, Enumerable.Repeat(Enumerable.Repeat((byte)'x', Longest).ToArray(), Records));
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Array.Resize(ref whole, 9 * 1024 * 1024);
        var partly = whole.ToArray();
        partly.AsSpan(64 + (known * (8 + Longest))).Clear();
        await File.WriteAllBytesAsync(path, partly, TestContext.Current.CancellationToken);
        var seen = new Seeing();

        // Whoever has just read zeros where a record is to come is overtaken by it.
        new SegmentScan(Path.GetDirectoryName(path)!, static (_, _, _) => null, (file, buffer, position) =>
        {
            var read = RandomAccess.Read(file, buffer, position);
            if (read >= 8 && buffer[..8].IndexOfAnyExcept((byte)0) < 0)
            {
                using var writer = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                RandomAccess.Write(writer, whole, 0);
            }

            return read;
        }).Read(0, long.MaxValue, seen, CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, seen.Offsets.Count).Select(static n => (long)n), seen.Offsets);
        Assert.Equal(known == 1 ? Records : known, seen.Offsets.Count);
    }

    [Fact]
    public async Task A_record_that_is_half_written_when_it_is_read_is_read_again()
    {
        using var folder = new TemporaryFolder();
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System))
        {
            await ledger.AppendAsync(LedgerLog.Calls, "one");
        }

        var calls = Path.Combine(folder.Path, "ledger", "calls-0");
        var path = Assert.Single(new SegmentScan(calls).Segments).Path;
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var half = whole.ToArray();
        half.AsSpan(whole.AsSpan().LastIndexOfAnyExcept((byte)0) - 40).Clear();
        await File.WriteAllBytesAsync(path, half, TestContext.Current.CancellationToken);
        var (seen, reads) = (new Seeing(), 0);

        new SegmentScan(calls, static (_, _, _) => null, (file, buffer, position) =>
        {
            var read = RandomAccess.Read(file, buffer, position);
            if (++reads == 2)
            {
                File.WriteAllBytes(path, whole);
            }

            return read;
        }).Read(0, long.MaxValue, seen, CancellationToken.None);

        Assert.Equal([0, 1, 2], seen.Offsets);
        Assert.True(seen.AllHold);
    }

    [Fact]
    public async Task Bytes_made_to_look_like_the_beginnings_of_records_are_not_hashed_for_ever()
    {
        const int Hostile = 8 * 1024 * 1024;
        using var ledger = await SealedLedger.MakeAsync(20);
        var path = ledger.Segments[^1];
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var end = (bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 8) & ~7;
        Array.Resize(ref bytes, end + Hostile);
        for (var at = end; at < bytes.Length; at += 8)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), 1024 * 1024);
            BitConverter.TryWriteBytes(bytes.AsSpan(at + 4), 0xDEAD_BEEF);
        }

        BitConverter.TryWriteBytes(bytes.AsSpan(end), int.MaxValue);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        var (scan, seen) = (new SegmentScan(Path.Combine(ledger.Folder, "ledger", "calls-0")), new Damaged());

        scan.Read(0, long.MaxValue, seen, CancellationToken.None);

        Assert.Equal(22, seen.Records);
        Assert.Contains("as far as it was searched", Assert.Single(seen.What), StringComparison.Ordinal);
        Assert.InRange(scan.Hashed, 1, 300 * 1024 * 1024);
        using var cancelled = new CancellationTokenSource();
        seen.Cancel = cancelled;
        Assert.Throws<OperationCanceledException>(() => scan.Read(0, long.MaxValue, seen, cancelled.Token));
    }

    private class Seeing : ISegmentVisitor
    {
        public List<long> Offsets { get; } = [];

        public bool AllHold { get; private set; } = true;

        public virtual void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
        {
            Offsets.Add(offset);
            AllHold &= checksumHolds;
        }

        public void Damage(long offset, string what, bool atTheEnd) => Assert.Fail(what);

        public void Accepted(DamageAccepted accepted) => Assert.Fail("nothing was accepted");

        public void Gone(long to) => Assert.Fail("nothing is gone");
    }

    private sealed class Damaged : ISegmentVisitor
    {
        public int Records { get; private set; }

        public List<string> What { get; } = [];

        public CancellationTokenSource? Cancel { get; set; }

        public void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
        {
            Records++;
            Cancel?.Cancel();
        }

        public void Damage(long offset, string what, bool atTheEnd) => What.Add(what);

        public void Accepted(DamageAccepted accepted) => Assert.Fail("nothing was accepted");

        public void Gone(long to) => Assert.Fail("nothing is gone");
    }

    /// <summary>Gives back the room behind the records when it sees the first of them, as the writer does when it begins the next segment.</summary>
    private sealed class Shortening(string path) : Seeing
    {
        public override void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
        {
            if (Offsets.Count == 0)
            {
                var content = File.ReadAllBytes(path);
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                RandomAccess.SetLength(file, (content.AsSpan().LastIndexOfAnyExcept((byte)0) + 8) & ~7L);
            }

            base.Record(offset, bytes, checksumHolds);
        }
    }
}
