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

    [Fact]
    public void A_key_that_takes_anothers_place_is_of_its_algorithm_where_nobody_says_another()
    {
        using var store = Open(_folder.Path);
        store.Announced();

        Assert.True(store.TryRotate(NoteAlgorithm.EcdsaP256, "somebody", TimeProvider.System));
        File.Delete(PathOf("signing.key.previous"));
        Assert.True(store.TryRotate(null, "somebody", TimeProvider.System));

        Assert.True(VerifierKey.TryParse(File.ReadAllLines(PathOf("signing.vkey"))[0], out var key));
        Assert.Equal(NoteAlgorithm.EcdsaP256, key!.Algorithm);
    }

    [Fact]
    public void A_key_that_is_gone_for_a_moment_is_named_and_the_one_in_memory_is_not_lost()
    {
        using var store = Open(_folder.Path);
        Assert.True(SignedNote.TryParse(store.Sign(new($"{Prefix}/calls-0", 1, Digest.Of("root"u8)), last: null), out var before));
        File.Move(PathOf("signing.key"), PathOf("elsewhere"));

        for (var tries = 0; tries < 2; tries++)
        {
            Assert.Contains(PathOf("signing.key"), Assert.ThrowsAny<IOException>(() => IsPublished(store)).Message, StringComparison.Ordinal);
            Assert.True(store.HasSigned($"{Prefix}/calls-0", before));
        }

        File.Move(PathOf("elsewhere"), PathOf("signing.key"));
        IsPublished(store);
    }

    [Fact]
    public void No_key_is_made_in_the_place_of_one_that_was_published()
    {
        Open(_folder.Path).Dispose();
        var published = File.ReadAllText(PathOf("signing.vkey"));
        File.Delete(PathOf("signing.key"));

        Assert.Contains("mv", Assert.Throws<IOException>(() => Open(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Equal(published, File.ReadAllText(PathOf("signing.vkey")));

        Directory.CreateDirectory(PathOf("retired"));
        File.Move(PathOf("signing.vkey"), PathOf("retired/lost.vkey"));
        using var store = Open(_folder.Path);
        IsPublished(store);
        Assert.NotEqual(published, File.ReadAllText(PathOf("signing.vkey")));
    }

    [Fact]
    public void Beside_checkpoints_a_key_is_made_only_where_the_one_that_signed_them_is_retired()
    {
        var origin = $"{Prefix}/calls-0";
        string old;
        using (var store = Open(_folder.Path))
        {
            old = File.ReadAllLines(PathOf("signing.vkey"))[0];
            var tiles = Directory.CreateDirectory(Path.Combine(_folder.Path, "tiles", "calls-0")).FullName;
            File.WriteAllBytes(Path.Combine(tiles, "checkpoint"), store.Sign(new(origin, 1, Digest.Of("root"u8)), last: null));
        }

        Directory.Delete(PathOf(""), recursive: true);
        Assert.Contains("calls-0", Assert.Throws<IOException>(() => Open(_folder.Path)).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(PathOf("retired"));
        using (var another = SigningKey.Create(NoteAlgorithm.Ed25519))
        {
            File.WriteAllText(PathOf("retired/another.vkey"), another.Verifier(origin) + "\n");
        }

        Assert.Throws<IOException>(() => Open(_folder.Path));
        Assert.False(File.Exists(PathOf("signing.key")));

        File.WriteAllText(PathOf("retired/lost.vkey"), old + "\n");
        using var next = Open(_folder.Path);
        Assert.Equal(old, next.Unannounced()!.Old);
        IsPublished(next);
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
