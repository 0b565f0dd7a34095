using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>A partition that was put back to an old state, or in the place of another ledger's, by whoever can write files and sign nothing.</summary>
public sealed class SetBackTests
{
    [Fact]
    public async Task A_partition_set_back_is_rolled_back_where_the_sealed_control_log_names_what_was_signed_later()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        using var old = new TemporaryFolder();
        Copy(ledger.Folder, old.Path);
        await ledger.WriteAsync(60);
        ledger.Seal();
        Assert.True(Checkpoint.TryParse(await File.ReadAllBytesAsync(ledger.CheckpointFile), out _, out var signed));
        await ledger.SaySealedAsync(new CheckpointSigned("calls-0", signed!.Origin, signed.Size, signed.Root, 1));
        Assert.True(ledger.Verify().IsSound, string.Join('\n', ledger.Verify().Findings));

        Copy(old.Path, ledger.Folder);

        var found = Assert.Single(ledger.Verify().Findings, f => f.Severity == VerificationSeverity.Broken);
        Assert.Equal((VerificationChecks.RolledBack, LedgerPartition.Calls, signed.Size - 22), (found.Check, found.Partition, found.Count));
    }

    [Fact]
    public async Task Another_history_than_the_one_that_the_sealed_control_log_names_is_not_an_extension()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.SaySealedAsync(new CheckpointSigned("calls-0", $"{ledger.Prefix}/calls-0", 7, Digest.Of("another"u8), 1));

        Assert.Equal(VerificationChecks.NotAnExtension, Assert.Single(ledger.Verify().Findings, f => f.Severity == VerificationSeverity.Broken).Check);
    }

    [Fact]
    public async Task What_the_control_log_says_was_signed_counts_only_where_that_is_sealed()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.SayAsync(new CheckpointSigned("calls-0", $"{ledger.Prefix}/calls-0", 7000, Digest.Of("another"u8), 1));

        Assert.True(ledger.Verify().IsSound);
    }

    [Fact]
    public async Task A_partition_of_another_ledger_does_not_pass_for_this_ones_though_the_keys_of_both_are_believed()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        using var other = await SealedLedger.MakeAsync(20);
        Copy(other.Folder, ledger.Folder);
        VerifierKey[] both = [.. ledger.Keys, .. other.Keys];

        var found = Assert.Single(ledger.Verify(both).Findings, f => f.Severity == VerificationSeverity.Broken);

        Assert.Equal((VerificationChecks.WrongOrigin, LedgerPartition.Calls), (found.Check, found.Partition));
        Assert.False(ledger.Verification(both).VerifyOffsets(LedgerPartition.Calls, 1, 10, CancellationToken.None).IsSound);
        Assert.True(other.Verify(both).IsSound);
    }

    [Fact]
    public async Task A_kept_checkpoint_of_another_partition_is_heeded_with_an_event_and_with_a_range()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        var control = Path.Combine(ledger.Folder, "tiles", "control-0", "checkpoint");
        var older = await File.ReadAllBytesAsync(control);
        await ledger.WriteAsync(60);
        ledger.Seal();
        var kept = await File.ReadAllBytesAsync(control);
        Assert.True(Verification().VerifyEvent(ledger.EventAt(3), CancellationToken.None).IsSound);
        await File.WriteAllBytesAsync(control, older);

        foreach (var report in new[] { Verification().VerifyEvent(ledger.EventAt(3), CancellationToken.None), Verification().VerifyOffsets(LedgerPartition.Calls, 1, 10, CancellationToken.None) })
        {
            var found = Assert.Single(report.Findings, f => f.Severity == VerificationSeverity.Broken);
            Assert.Equal((VerificationChecks.RolledBack, LedgerPartition.Control), (found.Check, found.Partition));
        }

        LedgerVerification Verification() => ledger.Verification([ledger.Key], kept);
    }

    private static void Copy(string from, string to)
    {
        foreach (var part in new[] { Path.Combine("tiles", "calls-0"), Path.Combine("ledger", "calls-0") })
        {
            if (Directory.Exists(Path.Combine(to, part)))
            {
                Directory.Delete(Path.Combine(to, part), recursive: true);
            }

            foreach (var file in Directory.GetFiles(Path.Combine(from, part), "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }
}
