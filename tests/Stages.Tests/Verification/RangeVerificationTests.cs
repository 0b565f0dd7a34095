using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>One event, or the records from one offset to another, without the rest: what is said of them is no less than what a verification of everything says.</summary>
public sealed class RangeVerificationTests
{
    private const int Records = 700;
    private const long Victim = 400;

    [Theory]
    [InlineData("tile/entries/001", 100, 400)]
    [InlineData("tile/entries/001", 300, 600)]
    [InlineData("tile/entries/002.p/190", 100, 650)]
    public async Task A_range_whose_bundles_are_gone_or_lie_is_not_called_sound_for_what_is_left_of_it(string path, long first, long last)
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var file = Path.Combine(ledger.Folder, "tiles", "calls-0", path);
        Assert.True(File.Exists(file));
        Assert.True(Verified().IsSound);

        // Entries of no bytes lead the search elsewhere, as a bundle that is gone does.
        await File.WriteAllBytesAsync(file, new byte[600]);
        Assert.False(Verified().IsSound);
        File.Delete(file);
        Assert.False(Verified().IsSound);

        VerificationReport Verified() => ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, first, last, CancellationToken.None);
    }

    [Theory]
    [InlineData(600, 5000)]
    [InlineData(5000, 6000)]
    [InlineData(0, long.MaxValue)]
    public async Task Offsets_beyond_what_is_sealed_are_not_passed_over(long first, long last)
    {
        using var ledger = await SealedLedger.MakeAsync(Records);

        var report = ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, first, last, CancellationToken.None);

        Assert.False(report.IsSound);
        Assert.All(report.Findings, f => Assert.Equal(VerificationChecks.NotSealed, f.Check));
        Assert.Contains(report.Findings, f => f.Expected == $"leaves of offsets {first} to {last}" && f.Found!.Contains($"up to offset {ledger.Calls[^1].Offset}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_event_and_a_range_are_verified_without_the_rest()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var sound = ledger.Verification([ledger.Key]).VerifyEvent(ledger.EventAt(Victim), CancellationToken.None);
        Assert.True(sound.IsSound);
        Assert.Equal(1, sound.Partitions.Single().Records);
        Assert.Equal(301, ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 200, 500, CancellationToken.None).Partitions.Single().Records);

        ledger.Spoil(Victim, (bytes, frame, _) => bytes[frame + 400] ^= 1);
        Only(ledger.Verification([ledger.Key]).VerifyEvent(ledger.EventAt(Victim), CancellationToken.None), VerificationChecks.RecordAltered, Victim, ledger.EventAt(Victim));
        Only(ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 200, 500, CancellationToken.None), VerificationChecks.RecordAltered, Victim, ledger.EventAt(Victim));
        Assert.True(ledger.Verification([ledger.Key]).VerifyEvent(ledger.EventAt(Victim + 1), CancellationToken.None).IsSound);
        Assert.Equal(VerificationChecks.NotSealed, ledger.Verification([ledger.Key]).VerifyEvent(EventId.New(TimeProvider.System), CancellationToken.None).Findings.Single().Check);
    }

    [Fact]
    public async Task An_event_whose_record_was_deleted_is_not_called_dropped_when_nobody_said_so()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        File.Delete(ledger.Segments[0]);

        Only(ledger.Verification([ledger.Key]).VerifyEvent(ledger.EventAt(3), CancellationToken.None), VerificationChecks.RecordsMissing, 3, ledger.EventAt(3));
        Assert.Equal(11, ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 0, 10, CancellationToken.None).Findings.Count(f => f.Check == VerificationChecks.RecordsMissing));
    }

    private static void Only(VerificationReport report, string check, long offset, EventId id)
    {
        Assert.False(report.IsSound);
        var found = Assert.Single(report.Findings);
        Assert.Equal((check, offset, id), (found.Check, found.Offset!.Value, found.Event!.Value));
    }
}
