using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>The tamper matrix: whatever is done to a ledger is found and named.</summary>
public sealed class LedgerVerificationTests
{
    private const int Records = 700;
    private const long Victim = 400;

    [Fact]
    public async Task An_untouched_ledger_is_sound()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var kept = await File.ReadAllBytesAsync(ledger.CheckpointFile);
        await ledger.WriteAsync(300);
        ledger.Seal();

        var report = ledger.Verify(kept);

        Assert.True(ledger.Segments.Count > 2, "several segments");
        Assert.Empty(report.Findings);
        Assert.True(report.IsSound);
        Assert.Equal(ledger.Calls.Count + ledger.Control.Count, report.Partitions.Sum(p => p.Records));
        Assert.Equal(ledger.Calls.Count, report.Partitions.Single(p => p.Partition == LedgerPartition.Calls).Checkpoint!.Size);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(120)]
    [InlineData(300)]
    [InlineData(-1)]
    public async Task One_altered_byte_is_named_by_event_and_offset(int at)
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Spoil(Victim, (bytes, frame, length) => bytes[frame + 8 + (at < 0 ? length + at : at)] ^= 1);
        Only(ledger.Verify(), VerificationChecks.RecordAltered, Victim, ledger.EventAt(Victim));
    }

    [Fact]
    public async Task An_altered_record_with_a_fresh_checksum_is_named_as_well()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Rewrite(Victim, (records, i) => records[i] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(records[i]).Replace("\"read\"", "\"seen\"", StringComparison.Ordinal)));
        Only(ledger.Verify(), VerificationChecks.RecordAltered, Victim, ledger.EventAt(Victim));
    }

    [Fact]
    public async Task A_missing_record_is_a_gap_that_is_named()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Rewrite(Victim, (records, i) => records.RemoveAt(i));
        var report = ledger.Verify();

        Assert.False(report.IsSound);
        var gap = Assert.Single(report.Findings, f => f.Check == VerificationChecks.RecordsMissing);
        Assert.Equal((Victim, ledger.EventAt(Victim), 1L), (gap.Offset, gap.Event!.Value, gap.Count));
        Assert.DoesNotContain(report.Findings, f => f.Check is not VerificationChecks.RecordsMissing and not VerificationChecks.RecordsDisplaced);
    }

    [Fact]
    public async Task Swapped_records_are_named_both()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Rewrite(Victim, (records, i) => (records[i], records[i + 1]) = (records[i + 1], records[i]));
        var report = ledger.Verify();

        Assert.Equal(
            [(VerificationChecks.RecordsSwapped, Victim, ledger.EventAt(Victim)), (VerificationChecks.RecordsSwapped, Victim + 1, ledger.EventAt(Victim + 1))],
            report.Findings.Select(f => (f.Check, f.Offset!.Value, f.Event!.Value)));
    }

    [Fact]
    public async Task A_duplicated_record_is_named()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Rewrite(Victim, (records, i) => records.Insert(i + 1, records[i]));
        var report = ledger.Verify();

        Assert.False(report.IsSound);
        var duplicate = Assert.Single(report.Findings, f => f.Check == VerificationChecks.RecordDuplicated);
        Assert.Equal((Victim + 1, ledger.EventAt(Victim)), (duplicate.Offset!.Value, duplicate.Event!.Value));
    }

    [Fact]
    public async Task A_record_overwritten_by_a_copy_of_another_names_both()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Rewrite(Victim, (records, i) => records[i] = records[i - 1]);
        var report = ledger.Verify();

        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.RecordsMissing && f.Event == ledger.EventAt(Victim));
        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.RecordDuplicated && f.Offset == Victim && f.Event == ledger.EventAt(Victim - 1));
    }

    [Fact]
    public async Task A_record_that_was_never_sealed_is_named()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Rewrite(Victim, (records, i) => records.Insert(i, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(records[i]).Replace(ledger.EventAt(Victim).ToString(), EventId.New(TimeProvider.System).ToString(), StringComparison.Ordinal))));
        var report = ledger.Verify();

        Assert.False(report.IsSound);
        Assert.Equal(Victim, Assert.Single(report.Findings, f => f.Check == VerificationChecks.RecordInserted).Offset);
    }

    [Fact]
    public async Task A_truncated_tail_is_named_by_its_first_event_and_counted()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var last = ledger.Calls.Count - 1;
        ledger.Rewrite(last, (records, i) => records.RemoveRange(i - 4, 5));

        var report = ledger.Verify();
        Only(report, VerificationChecks.TailTruncated, last - 4, ledger.EventAt(last - 4));
        Assert.Equal(5, report.Findings[0].Count);
    }

    [Fact]
    public async Task A_lost_segment_in_the_middle_and_a_lost_last_one_are_named()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        File.Delete(ledger.Segments[1]);
        File.Delete(ledger.Segments[^1]);
        var report = ledger.Verify();

        Assert.Equal([VerificationChecks.RecordsMissing, VerificationChecks.TailTruncated], report.Findings.Select(f => f.Check));
    }

    [Fact]
    public async Task A_destroyed_frame_hides_no_more_than_its_own_record()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        ledger.Spoil(Victim, (bytes, frame, _) => bytes[frame + 2] = 0x7F);
        var report = ledger.Verify();

        Assert.False(report.IsSound);
        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.SegmentDamaged && f.Offset == Victim && f.Event == ledger.EventAt(Victim));
        Assert.Equal([ledger.EventAt(Victim)], report.Findings.Where(f => f.Check == VerificationChecks.RecordsMissing).Select(f => f.Event!.Value));
    }

    [Fact]
    public async Task A_log_set_back_to_an_older_state_is_rolled_back_for_who_kept_a_checkpoint()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var older = await File.ReadAllBytesAsync(ledger.CheckpointFile);
        await ledger.WriteAsync(5);
        ledger.Seal();
        var kept = await File.ReadAllBytesAsync(ledger.CheckpointFile);
        await File.WriteAllBytesAsync(ledger.CheckpointFile, older);

        var found = Assert.Single(ledger.Verify(kept).Findings, f => f.Severity == VerificationSeverity.Broken);
        Assert.Equal((VerificationChecks.RolledBack, 7L), (found.Check, found.Count));
    }

    [Fact]
    public async Task Another_history_under_the_same_key_is_not_an_extension()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        using var key = ReadKey(ledger);
        var fork = new Checkpoint($"{ledger.Prefix}/calls-0", 300, MerkleTree.HashLeaf("another history"u8)).Sign(new NoteSigner($"{ledger.Prefix}/calls-0", key));

        Assert.Equal(VerificationChecks.NotAnExtension, Assert.Single(ledger.Verify(fork).Findings).Check);
    }

    [Fact]
    public async Task A_ledger_signed_by_another_key_is_not_believed()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        using var stranger = SigningKey.Create(NoteAlgorithm.Ed25519);
        Assert.True(Checkpoint.TryParse(await File.ReadAllBytesAsync(ledger.CheckpointFile), out _, out var checkpoint));
        await File.WriteAllBytesAsync(ledger.CheckpointFile, checkpoint!.Sign(new NoteSigner(checkpoint.Origin, stranger)));

        var found = Assert.Single(ledger.Verify().Findings);
        Assert.Equal(VerificationChecks.SignedByAnotherKey, found.Check);
        Assert.Contains($"{stranger.Verifier(checkpoint.Origin).KeyId:x8}", found.Found, StringComparison.Ordinal);
        Assert.All(ledger.Verify([stranger.Verifier("other.example/mcpledger/1/calls-0")]).Findings, f => Assert.Equal(VerificationChecks.SignedByAnotherKey, f.Check));
    }

    [Fact]
    public async Task A_forged_signature_an_altered_size_and_no_checkpoint_are_told_apart()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        var text = await File.ReadAllTextAsync(ledger.CheckpointFile);
        await File.WriteAllTextAsync(ledger.CheckpointFile, text.Replace("\n22\n", "\n21\n", StringComparison.Ordinal));
        Assert.Contains(ledger.Verify().Findings, f => f.Check == VerificationChecks.SignatureForged);
        await File.WriteAllTextAsync(ledger.CheckpointFile, "nonsense");
        Assert.Contains(ledger.Verify().Findings, f => f.Check == VerificationChecks.CheckpointMalformed);
        File.Delete(ledger.CheckpointFile);
        Assert.Contains(ledger.Verify().Findings, f => f.Check == VerificationChecks.CheckpointMissing);
    }

    [Fact]
    public async Task A_checkpoint_of_the_control_log_is_none_of_the_calls()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        File.Copy(Path.Combine(ledger.Folder, "tiles", "control-0", "checkpoint"), ledger.CheckpointFile, overwrite: true);

        Assert.False(ledger.Verify().IsSound);
        Assert.Contains(ledger.Verify().Findings, f => f.Check is VerificationChecks.SignedByAnotherKey or VerificationChecks.WrongOrigin);
    }

    [Theory]
    [InlineData("tile/0/001", VerificationChecks.EntryAltered)]
    [InlineData("tile/entries/001", VerificationChecks.EntryAltered)]
    [InlineData("tile/1/000.p/2", VerificationChecks.TileAltered)]
    public async Task Every_altered_tile_and_every_missing_one_is_named(string path, string check)
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var file = Path.Combine(ledger.Folder, "tiles", "calls-0", path);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[50] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        Assert.Contains(ledger.Verify().Findings, f => f.Check == check && f.Severity == VerificationSeverity.Broken);

        File.Delete(file);
        Assert.Equal((VerificationChecks.TileMissing, path), ledger.Verify().Findings.Select(f => (f.Check, f.Expected)).Single());
    }

    [Fact]
    public async Task Records_and_tiles_altered_together_do_not_lead_to_the_signed_root()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        using var other = await SealedLedger.MakeAsync(20);
        CopyOver(Path.Combine(other.Folder, "tiles", "calls-0", "tile"), Path.Combine(ledger.Folder, "tiles", "calls-0", "tile"));
        CopyOver(Path.Combine(other.Folder, "ledger", "calls-0"), Path.Combine(ledger.Folder, "ledger", "calls-0"));

        Assert.Equal(VerificationChecks.RootMismatch, Assert.Single(ledger.Verify().Findings).Check);
    }

    [Fact]
    public async Task A_tail_that_is_not_sealed_yet_is_a_fact_and_its_chain_is_checked_all_the_same()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        await ledger.WriteAsync(5);
        var sound = ledger.Verify();
        Assert.True(sound.IsSound);
        Assert.Equal(7, sound.Findings.Single(f => f.Partition == LedgerPartition.Calls).Count);
        Assert.All(sound.Findings, f => Assert.Equal(VerificationChecks.UnsealedTail, f.Check));

        ledger.Rewrite(ledger.Calls.Count - 3, (records, i) => records.RemoveAt(i));
        var gap = Assert.Single(ledger.Verify().Findings, f => f.Severity == VerificationSeverity.Broken);
        Assert.Equal("chain-gap", gap.Check);
    }

    [Fact]
    public async Task A_torn_last_write_that_nothing_was_sealed_of_is_a_fact()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.WriteAsync(5);
        ledger.Spoil(ledger.Calls.Count - 1, (bytes, frame, length) => bytes.AsSpan(frame + 8 + (length / 2), length / 2).Clear());

        var report = ledger.Verify();
        Assert.True(report.IsSound);
        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.TornTail);
    }

    [Fact]
    public async Task Dropped_segments_are_a_fact_when_the_log_says_so_and_missing_when_it_does_not()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var first = ledger.Segments[0];
        var gone = long.Parse(Path.GetFileNameWithoutExtension(ledger.Segments[1]), System.Globalization.CultureInfo.InvariantCulture);
        File.Delete(first);
        Assert.Equal((VerificationChecks.RecordsMissing, gone), ledger.Verify().Findings.Select(f => (f.Check, f.Count)).Single());

        await ledger.SayAsync(new SegmentDropped("calls-0", 0, gone - 1, 1, "age"));
        var unsigned = Assert.Single(ledger.Verify().Findings, f => f.Severity == VerificationSeverity.Broken);
        Assert.Equal((VerificationChecks.RecordsMissing, gone), (unsigned.Check, unsigned.Count));
        Assert.Contains("no checkpoint covers", unsigned.Found, StringComparison.Ordinal);
        Assert.All(ledger.Verification([ledger.Key]).VerifyRange(LedgerPartition.Calls, 0, 10, CancellationToken.None).Findings, f => Assert.Equal(VerificationChecks.RecordsMissing, f.Check));

        await ledger.ReadControlAsync();
        ledger.Seal();
        var report = ledger.Verify();
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal(gone, report.Partitions.Single(p => p.Partition == LedgerPartition.Calls).Dropped);
        Assert.True(ledger.Verification([ledger.Key]).VerifyRange(LedgerPartition.Calls, 0, 10, CancellationToken.None).IsSound);
        Assert.True(ledger.Verification([ledger.Key]).VerifyEvent(ledger.EventAt(3), CancellationToken.None).IsSound);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Emptied_entry_bundles_hide_neither_altered_records_nor_missing_ones(bool withRecords)
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        foreach (var bundle in Directory.GetFiles(Path.Combine(ledger.Folder, "tiles", "calls-0", "tile", "entries"), "*", SearchOption.AllDirectories))
        {
            await File.WriteAllBytesAsync(bundle, []);
        }

        if (withRecords)
        {
            ledger.Rewrite(Victim, (records, i) => records[i][300] ^= 1);
        }
        else
        {
            ledger.Segments.ToList().ForEach(File.Delete);
        }

        var report = ledger.Verify();

        Assert.False(report.IsSound);
        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.TileAltered && f.Expected!.Contains("tile/entries/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_entry_without_bytes_does_not_let_the_others_of_its_tile_pass_unhashed()
    {
        using var ledger = await SealedLedger.MakeAsync(Records);
        var file = Path.Combine(ledger.Folder, "tiles", "calls-0", "tile", "entries", "001");
        ReadOnlySpan<byte> rest = await File.ReadAllBytesAsync(file);
        using var forged = new MemoryStream();
        for (var i = 0; EntryBundle.TryTake(ref rest, out var entry); i++)
        {
            // The record of the leaf that is altered is altered alike.
            byte[] put = i == 0 ? [] : i == 9 ? [.. entry[..^2], (byte)(entry[^2] == '0' ? '1' : '0'), entry[^1]] : entry.ToArray();
            forged.Write([(byte)(put.Length >> 8), (byte)put.Length, .. put]);
        }

        await File.WriteAllBytesAsync(file, forged.ToArray());

        Assert.Equal([256L, 265L], ledger.Verify().Findings.Where(f => f.Check == VerificationChecks.EntryAltered && f.Expected!.Contains(" in ", StringComparison.Ordinal)).Select(f => f.Leaf!.Value));
    }

    [Fact]
    public async Task A_partition_that_is_gone_altogether_is_missed()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        Directory.Delete(Path.Combine(ledger.Folder, "ledger", "calls-0"), recursive: true);
        Directory.Delete(Path.Combine(ledger.Folder, "tiles", "calls-0"), recursive: true);

        var report = ledger.Verify(ledger.Keys);

        Assert.False(report.IsSound);
        Assert.Equal((VerificationChecks.CheckpointMissing, LedgerPartition.Calls), (report.Findings.Single().Check, report.Findings.Single().Partition));
    }

    [Fact]
    public async Task A_partition_that_is_gone_is_missed_without_its_key_where_the_sealed_control_log_names_it()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.SaySealedAsync(new CheckpointSigned("calls-0", $"{ledger.Prefix}/calls-0", 22, Digest.Zero, 1));
        Directory.Delete(Path.Combine(ledger.Folder, "ledger", "calls-0"), recursive: true);
        Directory.Delete(Path.Combine(ledger.Folder, "tiles", "calls-0"), recursive: true);

        var report = ledger.Verify([.. ledger.Keys.Where(k => k.Name.EndsWith("control-0", StringComparison.Ordinal))]);

        Assert.Equal((VerificationChecks.CheckpointMissing, LedgerPartition.Calls), (report.Findings.Single().Check, report.Findings.Single().Partition));
    }

    [Fact]
    public async Task A_control_log_that_is_gone_is_missed_whichever_key_is_believed()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        Directory.Delete(Path.Combine(ledger.Folder, "ledger", "control-0"), recursive: true);
        Directory.Delete(Path.Combine(ledger.Folder, "tiles", "control-0"), recursive: true);

        var found = Assert.Single(ledger.Verify([.. ledger.Keys.Where(k => k.Name.EndsWith("calls-0", StringComparison.Ordinal))]).Findings);
        Assert.Equal((VerificationChecks.CheckpointMissing, LedgerPartition.Control), (found.Check, found.Partition));
    }

    [Fact]
    public async Task Keys_of_another_ledger_in_the_same_file_are_missed_by_nobody()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        using var other = SigningKey.Create(NoteAlgorithm.Ed25519);

        Assert.True(ledger.Verify([.. ledger.Keys, other.Verifier("other.example/mcpledger/1/calls-0"), other.Verifier("other.example/mcpledger/1/calls-3")]).IsSound);
    }

    [Fact]
    public void An_empty_folder_is_not_sound()
    {
        using var folder = new Testing.Ledgers.TemporaryFolder();
        using var key = SigningKey.Create(NoteAlgorithm.Ed25519);

        Assert.False(new LedgerVerification(new() { Folder = folder.Path, Trusted = [key.Verifier("a/calls-0")] }, TimeProvider.System).VerifyAll(new Progress<VerificationProgress>(), CancellationToken.None).IsSound);
    }

    private static void Only(VerificationReport report, string check, long offset, EventId id)
    {
        Assert.False(report.IsSound);
        var found = Assert.Single(report.Findings);
        Assert.Equal((check, offset, id), (found.Check, found.Offset!.Value, found.Event!.Value));
    }

    private static SigningKey ReadKey(SealedLedger ledger) =>
        SigningKey.TryImportPem(File.ReadAllText(Path.Combine(ledger.Folder, "keys", "signing.key")), out var key) ? key! : throw new FormatException("no key");

    internal static void CopyOver(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)), overwrite: true);
        }
    }
}
