using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Sealing;

/// <summary>Rotations that die on the way: what is published verifies what is signed, and the log is told of what happened only.</summary>
public sealed class SigningKeyStoreTests : IDisposable
{
    private const string Prefix = "test/mcpledger/00000000";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_rotation_that_dies_before_its_key_is_written_did_not_happen()
    {
        using (var made = Open(_folder.Path))
        {
            made.Announced();
        }

        using var elsewhere = new TemporaryFolder();
        Open(elsewhere.Path).Dispose();
        foreach (var name in (string[])["rotation.json", "signing.vkey", "calls-0.vkey", "control-0.vkey"])
        {
            File.Copy(Path.Combine(elsewhere.Path, "keys", name), PathOf(name), overwrite: true);
        }

        File.Copy(PathOf("signing.key"), PathOf("signing.key.previous"));
        using var store = Open(_folder.Path);
        Assert.Null(store.Unannounced());
        IsPublished(store);
    }

    [Fact]
    public void A_rotation_that_dies_while_it_publishes_is_finished_by_the_next_start()
    {
        string old;
        using (var store = Open(_folder.Path))
        {
            store.Announced();
            old = File.ReadAllText(PathOf("signing.vkey"));
            File.Delete(PathOf("signing.vkey"));
            Directory.CreateDirectory(Path.Combine(PathOf("signing.vkey"), "in the way"));
            Assert.ThrowsAny<SystemException>(() => store.TryRotate(NoteAlgorithm.Ed25519, "somebody", TimeProvider.System));
        }

        Directory.Delete(PathOf("signing.vkey"), recursive: true);
        using var next = Open(_folder.Path);
        Assert.Equal((old.Split('\n')[0], "somebody"), (next.Unannounced()!.Old, next.Unannounced()!.By));
        Assert.NotEqual(old, File.ReadAllText(PathOf("signing.vkey")));
        IsPublished(next);
    }

    [Fact]
    public void A_rotation_whose_key_cannot_be_written_did_not_happen_and_can_be_tried_again()
    {
        using var store = Open(_folder.Path);
        store.Announced();
        File.Move(PathOf("signing.key"), PathOf("elsewhere"));
        Directory.CreateDirectory(Path.Combine(PathOf("signing.key"), "in the way"));
        Assert.ThrowsAny<SystemException>(() => store.TryRotate(NoteAlgorithm.Ed25519, "somebody", TimeProvider.System));
        Assert.Null(store.Unannounced());
        Directory.Delete(PathOf("signing.key"), recursive: true);
        File.Move(PathOf("elsewhere"), PathOf("signing.key"));
        Assert.True(store.TryRotate(NoteAlgorithm.Ed25519, "somebody", TimeProvider.System));
        Assert.Equal("somebody", store.Unannounced()!.By);
        IsPublished(store);
    }

    private static SigningKeyStore Open(string folder) =>
        SigningKeyStore.Open(new() { Folder = folder, OriginPrefix = Prefix, Source = "/sealer/test/1" }, [LedgerPartition.Calls, LedgerPartition.Control]);

    private string PathOf(string name) => Path.Combine(_folder.Path, "keys", name);

    private void IsPublished(SigningKeyStore store)
    {
        foreach (var partition in (LedgerPartition[])[LedgerPartition.Calls, LedgerPartition.Control])
        {
            Assert.True(SignedNote.TryParse(store.Sign(new($"{Prefix}/{partition}", 1, Digest.Of("root"u8)), last: null), out var note));
            Assert.True(VerifierKey.TryParse(File.ReadAllText(PathOf($"{partition}.vkey")).Trim(), out var key));
            Assert.Equal(NoteVerdict.Verified, note!.Open(key!));
            Assert.Contains(key!.ToString(), File.ReadAllText(PathOf("signing.vkey")), StringComparison.Ordinal);
        }
    }
}
