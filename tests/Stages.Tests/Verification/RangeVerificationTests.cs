using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>One event, or the records from one offset to another, without the rest: what is said of them is no less than what a verification of everything says.</summary>
public sealed class RangeVerificationTests
{
    private const int Records = 700;
    private const long Victim = 400;
    private const long Forged = 300;

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

    [Fact]
    public async Task A_forged_record_whose_entry_and_leaf_hash_agree_is_not_sound_under_a_full_tile()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var id = ledger.EventAt(Forged);
        Assert.True(ledger.Verification([ledger.Key]).VerifyEvent(id, CancellationToken.None).IsSound);

        await ForgeAsync(ledger);

        NamesTheTile(ledger.Verification([ledger.Key]).VerifyEvent(id, CancellationToken.None));
        NamesTheTile(ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 250, 350, CancellationToken.None));
    }

    [Theory]
    [InlineData(100, 255)]
    [InlineData(512, 600)]
    public async Task What_shows_where_a_range_ends_is_proved_up_to_the_root_as_well(long first, long last)
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        await ForgeAsync(ledger);

        NamesTheTile(ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, first, last, CancellationToken.None));
    }

    [Theory]
    [InlineData(1L << 24)]
    [InlineData(1L << 62)]
    public async Task Leaves_of_a_checkpoint_that_nobody_signed_are_not_gone_through(long size)
    {
        using var ledger = await SealedLedger.MakeAsync(10);
        var lines = (await File.ReadAllTextAsync(ledger.CheckpointFile)).Split('\n');
        lines[1] = size.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(ledger.CheckpointFile, string.Join('\n', lines));
        Directory.Delete(Path.Combine(ledger.Folder, "tiles", "calls-0", "tile"), recursive: true);

        var report = ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 0, long.MaxValue, CancellationToken.None);

        Assert.Equal(VerificationChecks.SignatureForged, Assert.Single(report.Findings).Check);
    }

    [Fact]
    public async Task Where_nothing_leads_to_the_root_that_is_said_once()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        Directory.Delete(Path.Combine(ledger.Folder, "tiles", "calls-0", "tile"), recursive: true);

        IsMissing("tile/1/000.p/2", ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 0, long.MaxValue, CancellationToken.None));
    }

    [Fact]
    public async Task A_tile_that_is_gone_is_named_and_those_behind_it_are_verified()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        File.Delete(Path.Combine(ledger.Folder, "tiles", "calls-0", "tile/0/001"));

        var report = ledger.Verification([ledger.Key]).VerifyOffsets(LedgerPartition.Calls, 300, 600, CancellationToken.None);

        IsMissing("tile/0/001", report);
        Assert.Equal(600 - 512 + 1, report.Partitions.Single().Records);
    }

    // What somebody does who can write every file and has no key: the record, its entry and its leaf hash say the same, and nothing above them was touched.
    private static async Task ForgeAsync(SealedLedger ledger)
    {
        byte[] sealedEntry = [], forgedEntry = [];
        ledger.Rewrite(Forged, (records, at) =>
        {
            sealedEntry = Entry(records[at]);
            records[at][records[at].AsSpan().LastIndexOf((byte)'x')] = (byte)'y';
            forgedEntry = Entry(records[at]);
        });
        var tiles = Path.Combine(ledger.Folder, "tiles", "calls-0", "tile");
        await ReplaceAsync(Path.Combine(tiles, "entries", "001"), sealedEntry, forgedEntry);
        await ReplaceAsync(Path.Combine(tiles, "0", "001"), Hash(sealedEntry), Hash(forgedEntry));

        static byte[] Hash(byte[] entry)
        {
            var hash = new byte[Digest.Size];
            MerkleTree.HashLeaf(entry).CopyTo(hash);
            return hash;
        }

        static byte[] Entry(byte[] record)
        {
            var entry = new byte[LedgerLeaf.MaxLength];
            return entry[..LedgerLeaf.Of(LedgerPartition.Calls, Forged, record, out _).Format(entry)];
        }

        static async Task ReplaceAsync(string path, byte[] from, byte[] to)
        {
            var bytes = await File.ReadAllBytesAsync(path);
            var at = bytes.AsSpan().IndexOf(from);
            Assert.True(at >= 0 && from.Length == to.Length);
            to.CopyTo(bytes, at);
            await File.WriteAllBytesAsync(path, bytes);
        }
    }

    private static void NamesTheTile(VerificationReport report)
    {
        Assert.False(report.IsSound);
        var found = Assert.Single(report.Findings);
        Assert.Equal((VerificationChecks.RootMismatch, 256), (found.Check, found.Leaf!.Value));
        Assert.Contains("tile/0/001", found.Found, StringComparison.Ordinal);
    }

    private static void IsMissing(string path, VerificationReport report)
    {
        Assert.False(report.IsSound);
        var found = Assert.Single(report.Findings);
        Assert.Equal((VerificationChecks.TileMissing, path), (found.Check, found.Expected));
    }

    private static void Only(VerificationReport report, string check, long offset, EventId id)
    {
        Assert.False(report.IsSound);
        var found = Assert.Single(report.Findings);
        Assert.Equal((check, offset, id), (found.Check, found.Offset!.Value, found.Event!.Value));
    }
}
