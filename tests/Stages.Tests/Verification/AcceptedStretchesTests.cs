using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>What an accepted damage explains: exactly the bytes that were accepted, where nothing was signed for them.</summary>
public sealed class AcceptedStretchesTests
{
    private const int Lost = 300;

    public static TheoryData<int, byte> Blows => new() { { 30, 1 }, { 2, 0x7F } };

    [Theory]
    [MemberData(nameof(Blows))]
    public async Task Damage_that_was_accepted_before_anything_was_signed_for_it_is_a_fact_and_only_those_bytes(int at, byte blow)
    {
        using var ledger = await AcceptedAsync(at, blow);

        var report = ledger.Verify();

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Contains(report.Findings, f => f is { Check: VerificationChecks.DamageAccepted, Offset: Lost } && f.Found!.Contains("accepted by ada: a disk failed", StringComparison.Ordinal));
        var range = ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, Lost - 50, Lost + 50, CancellationToken.None);
        Assert.True(range.IsSound, string.Join('\n', range.Findings));
        Assert.Equal(100, range.Partitions.Single().Records);
        ledger.Spoil(Lost, static (bytes, frame, _) => bytes[frame + 31] ^= 1);
        Assert.False(ledger.Verify().IsSound);
    }

    [Theory]
    [InlineData(600, false)]
    [InlineData(300, true)]
    public async Task A_range_behind_accepted_damage_that_begins_like_a_record_is_sound(int records, bool isLast)
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            Assert.All(await Task.WhenAll(Enumerable.Range(0, records).Select(i => open.AppendAsync(LedgerLog.Calls, new string('x', 900 + i)))), static a => Assert.True(a.IsDurable));

            // Under a ledger that runs: a boot would begin a segment behind it.
            ledger.Spoil(Lost, static (bytes, frame, length) => bytes.AsSpan(frame + (length / 2), (length / 2) + 24).Clear());
            await AcceptAsync(open, LedgerPartition.Calls);
            await ledger.ReadAgainAsync(open.Ledger);
        }

        Assert.Equal(isLast, ledger.SegmentOf(Lost) == ledger.Segments[^1]);
        _ = ledger.SealFaulty();
        var range = ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, Lost + 5, Lost + 15, CancellationToken.None);
        Assert.True(range.IsSound, string.Join('\n', range.Findings));
        Assert.Equal(11, range.Partitions.Single().Records);
        Assert.Empty(range.Findings);
    }

    [Fact]
    public async Task A_clean_start_behind_damage_that_was_accepted_where_it_is_written_to_invents_no_loss()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            Assert.All(await Task.WhenAll(Enumerable.Range(0, Lost).Select(i => open.AppendAsync(LedgerLog.Calls, new string('x', 900 + i)))), static a => Assert.True(a.IsDurable));
            ledger.Spoil(Lost, static (bytes, frame, length) => bytes.AsSpan(frame + (length / 2), (length / 2) + 24).Clear());
            await AcceptAsync(open, LedgerPartition.Calls);
            Assert.True((await open.AppendAsync(LedgerLog.Calls, "behind")).IsDurable);
        }

        Assert.Equal(ledger.Segments[^1], ledger.SegmentOf(Lost));
        await ledger.ReadAgainAsync();
        var end = ledger.Calls[^1].Offset + 1;
        await ledger.WriteAsync(5);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => end + i), ledger.Calls.Where(r => r.Offset >= end).Select(static r => r.Offset));
        Assert.Equal(["gap"], ledger.SealFaulty());
        var report = ledger.Verify();
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Contains(report.Findings, static f => f is { Check: VerificationChecks.DamageAccepted, Offset: Lost });
    }

    [Fact]
    public async Task A_page_that_was_lost_before_a_boot_is_a_fact_once_it_is_accepted_and_the_boot_goes_on_from_what_stands_behind_it()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.WriteAsync(Lost);
        Assert.Equal(ledger.Segments[^1], ledger.SegmentOf(Lost));
        ledger.Spoil(Lost, static (bytes, frame, _) => bytes.AsSpan(frame, 4096).Clear());
        await AcceptAsync(ledger);
        await ledger.ReadAgainAsync();
        Assert.Equal(["gap"], ledger.SealFaulty());

        var report = ledger.Verify();

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Contains(report.Findings, static f => f is { Check: VerificationChecks.DamageAccepted, Offset: Lost });
    }

    [Fact]
    public async Task A_segment_of_forged_records_beside_accepted_damage_is_not_what_was_accepted()
    {
        using var ledger = await AcceptedAsync(30, 1);
        var path = ledger.SegmentOf(Lost);
        var genuine = SealedLedger.RecordsOf(path)[(int)(Lost - SealedLedger.BaseOf(path))..];
        var (text, id) = (Encoding.UTF8.GetString(genuine[1]), LedgerLeaf.Of(LedgerPartition.Calls, Lost, genuine[1], out _).Event.ToString()!);
        var forged = Encoding.UTF8.GetBytes(text.Replace(id, EventId.New(TimeProvider.System).ToString(), StringComparison.Ordinal));
        ledger.Forge($"{Lost:D20}.seg", Lost, [forged, .. genuine[1..]]);

        var report = ledger.Verify();

        Assert.False(report.IsSound);
        Assert.Contains(report.Findings, f => f is { Check: VerificationChecks.RecordInserted, Severity: VerificationSeverity.Broken, Offset: Lost });
        Assert.DoesNotContain(report.Findings, f => f.Check == VerificationChecks.DamageAccepted || f.Found!.Contains("accepted by", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damage_of_the_control_log_itself_that_was_accepted_is_a_fact_and_what_it_says_behind_that_counts()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            foreach (var said in await Task.WhenAll(Enumerable.Range(0, 600).Select(i => open.AppendAsync(LedgerLog.Control, new string('x', 900 + i)))))
            {
                Assert.True(said.IsDurable);
            }
        }

        ledger.Spoil(LedgerPartition.Control, Lost, static (bytes, frame, _) => bytes[frame + 2] = 0x7F);
        await AcceptAsync(ledger, LedgerPartition.Control);
        await ledger.SayAsync(new CheckpointSigned("calls-0", $"{ledger.Prefix}/calls-0", 22, Digest.Zero, 1));
        await ledger.ReadAgainAsync();
        Assert.Equal(["gap"], ledger.SealFaulty());
        Assert.Equal(VerificationChecks.NotAnExtension, Assert.Single(ledger.Verify().Findings, f => f.Severity == VerificationSeverity.Broken).Check);

        Assert.Contains(ledger.Verify().Findings, f => f is { Check: VerificationChecks.DamageAccepted, Partition.Log: LedgerLog.Control, Offset: Lost });
        var range = ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Control, Lost - 50, Lost + 50, CancellationToken.None);
        Assert.True(range.IsSound, string.Join('\n', range.Findings));
        Assert.Contains(range.Findings, f => f is { Check: VerificationChecks.DamageAccepted, Offset: Lost });
    }

    [Fact]
    public async Task An_acceptance_does_not_heal_what_was_signed_for()
    {
        using var ledger = await SealedLedger.MakeAsync(600);
        ledger.Spoil(Lost, static (bytes, at, _) => bytes[at + 30] ^= 1);
        await AcceptAsync(ledger);

        var report = ledger.Verify();

        Assert.False(report.IsSound);
        Assert.Contains(report.Findings, f => f is { Severity: VerificationSeverity.Broken, Offset: Lost } && f.Found!.Contains("accepted by ada", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(-1, 64)]
    [InlineData(64, -1)]
    [InlineData(64, long.MaxValue)]
    [InlineData(long.MaxValue, 64)]
    public async Task An_acceptance_of_no_bytes_that_there_are_accepts_nothing(long position, long length)
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.WriteAsync(600);
        ledger.Spoil(Lost, static (bytes, at, _) => bytes[at + 30] ^= 1);
        var accepted = new DamageAccepted("calls-0", Lost, Lost + 1, Path.GetFileName(ledger.SegmentOf(Lost)), position, length, Digest.Of([]), "eve", "none");
        await ledger.SayAsync(accepted);
        Assert.False(ledger.Verify().IsSound);
        await ledger.ReadControlAsync();
        _ = ledger.SealFaulty();
        Assert.False(ledger.Verify().IsSound);
    }

    [Fact]
    public void Acceptances_are_hashed_once_for_their_bytes_and_only_what_is_sealed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "a.seg"), new byte[4096]);
        var accepted = new DamageAccepted("calls-0", 5, 6, "a.seg", 64, 128, Digest.Of(new byte[128]), "ada", "a disk failed");
        var said = new SaidInControl();
        said.Accepted.AddRange(Enumerable.Range(0, 1000).Select(i => (accepted with { Reason = $"{i}" }, true)));
        said.Accepted.AddRange(Enumerable.Range(0, 1000).Select(i => (accepted with { Length = 200 + i }, false)));
        var stretches = new AcceptedStretches(LedgerPartition.Calls, new(Path.Combine(folder.Path, "tiles"), LedgerPartition.Calls), 0, folder.Path, () => said);
        List<VerificationFinding> findings = [.. Enumerable.Range(0, 9).Select(i => new VerificationFinding { Check = VerificationChecks.SegmentDamaged, Severity = VerificationSeverity.Broken, Partition = LedgerPartition.Calls, Offset = i, Found = "none" })];

        Assert.Equal(accepted with { Reason = "0" }, stretches.Find("a.seg", 64, 5));
        Assert.Null(stretches.Find("a.seg", 72, 5));
        Assert.Null(stretches.Find("a.seg", 64, 4));
        stretches.Explain(findings);

        Assert.Equal([5L], findings.Where(f => f.Found!.Contains("said to be accepted by ada", StringComparison.Ordinal)).Select(f => f.Offset!.Value));
        Assert.Equal(1, stretches.Hashed);
    }

    private static async Task<SealedLedger> AcceptedAsync(int at, byte blow)
    {
        var ledger = await SealedLedger.MakeAsync(20);
        await ledger.WriteAsync(600);
        ledger.Spoil(Lost, (bytes, frame, _) => bytes[frame + at] ^= blow);
        await AcceptAsync(ledger);
        await ledger.ReadAgainAsync();
        Assert.Equal(["gap"], ledger.SealFaulty());
        return ledger;
    }

    private static Task AcceptAsync(SealedLedger ledger) => AcceptAsync(ledger, LedgerPartition.Calls);

    private static async Task AcceptAsync(SealedLedger ledger, LedgerPartition partition)
    {
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        await AcceptAsync(open, partition);
    }

    private static async Task AcceptAsync(TemporaryLedger open, LedgerPartition partition)
    {
        var stretch = Assert.Single(open.Ledger.FindDamage(partition, CancellationToken.None));
        Assert.Equal(Lost, stretch.FirstOffset);
        var accepted = new DamageAccepted($"{partition}", stretch.FirstOffset, stretch.NextOffset, stretch.Segment, stretch.Position, stretch.Length, stretch.Sha256, "ada", "a disk failed");
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/host/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Control, null, accepted);
        Assert.True((await open.Ledger.AppendAsync(draft, CancellationToken.None)).IsDurable);
        open.Ledger.AcceptDamage(stretch);
    }
}
