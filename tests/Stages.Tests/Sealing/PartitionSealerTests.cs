using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Sealing;

public sealed class PartitionSealerTests : IDisposable
{
    private const string Prefix = "log.example/mcpledger/1a2b3c4d";

    private readonly TemporaryFolder _folder = new();
    private readonly Writer _writer = new("gw", LedgerPartition.Calls);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_sealed_is_a_signed_tree_in_which_every_record_is_provable()
    {
        using var keys = Keys(_folder.Path);
        var records = new List<LedgerRecord>();
        var sealer = Open(_folder.Path, keys, static _ => { });
        foreach (var count in new[] { 1, 2, 250, 3, 1, 600, 7 })
        {
            var batch = _writer.Write(count);
            records.AddRange(batch);
            sealer.Accept(batch);
            Assert.NotNull(sealer.Commit(0));
            _writer.LeaveHole(2);
        }

        var tiles = Tiles(_folder.Path);
        var note = tiles.Checkpoint();
        var checkpoint = Signed(_folder.Path);
        Assert.Equal($"{Prefix}/calls-0", checkpoint.Origin);
        Assert.Equal(records.Count, checkpoint.Size);
        var tree = new TiledTree(checkpoint.Size, tiles.Read);
        Assert.Equal(checkpoint.Root, tree.Root());
        foreach (var index in new[] { 0, 1, 255, 256, 511, 700, records.Count - 1 })
        {
            var leaf = LeafSearch.At(tiles.Read, checkpoint.Size, index)!.Value;
            Assert.Equal(LedgerLeaf.Of(LedgerPartition.Calls, records[index].Offset, records[index].Bytes.Span, out _), leaf);
            Assert.Equal(index, LeafSearch.ByOffset(tiles.Read, checkpoint.Size, leaf.Offset));
            Assert.Equal(index, LeafSearch.ByEvent(tiles.Read, checkpoint.Size, leaf.Event!.Value));
            var entry = new byte[LedgerLeaf.MaxLength];
            var proof = TlogProof.Create(index, tree.Inclusion(index)!, note);
            Assert.Equal(ProofVerdict.Verified, proof!.Verify(entry.AsSpan(0, leaf.Format(entry)), VKey(_folder.Path)));
        }
    }

    [Fact]
    public void A_sealer_killed_between_any_two_steps_goes_on_to_the_same_tree()
    {
        var batches = new[] { 3, 250, 10, 300, 0, 5 }.Select(n => _writer.Write(n)).ToList();
        using var reference = new TemporaryFolder();
        var steps = 0;
        Run(reference.Path, batches, _ => steps++);
        var whole = Signed(reference.Path);

        Assert.True(steps > 40, $"{steps} steps");
        for (var kill = 1; kill <= steps; kill++)
        {
            using var folder = new TemporaryFolder();
            var left = kill;
            try
            {
                Run(folder.Path, batches, _ =>
                {
                    if (--left == 0)
                    {
                        throw new KilledException();
                    }
                });
            }
            catch (KilledException)
            {
            }

            Assert.True(left <= 0, $"step {kill} of {steps} was not reached");
            if (File.Exists(Path.Combine(folder.Path, "tiles", "calls-0", "checkpoint")))
            {
                var early = Signed(folder.Path);
                Assert.Equal(early.Root, new TiledTree(early.Size, Tiles(folder.Path).Read).Root());
            }

            Run(folder.Path, batches, static _ => { });
            var resumed = Signed(folder.Path);
            Assert.Equal((whole.Size, whole.Root), (resumed.Size, resumed.Root));
            Assert.Equal(whole.Root, new TiledTree(whole.Size, Tiles(folder.Path).Read).Root());
            Assert.Equal(batches.Sum(b => b.Count), whole.Size);
        }
    }

    [Fact]
    public void An_older_generation_can_neither_commit_nor_sign_over_a_newer_one()
    {
        using var keys = Keys(_folder.Path);
        var old = Open(_folder.Path, keys, static _ => { });
        old.Accept(_writer.Write(5));
        Assert.NotNull(old.Commit(0));
        var late = _writer.Write(5);
        old.Accept(late);
        var next = Open(_folder.Path, keys, static _ => { });

        Assert.Null(old.Commit(0));
        Assert.Equal(5, Signed(_folder.Path).Size);
        Assert.True(next.Generation > old.Generation);
        next.Accept(late);
        Assert.NotNull(next.Commit(0));
        Assert.Equal(10, Signed(_folder.Path).Size);
    }

    [Fact]
    public void A_sealer_that_is_replaced_while_it_signs_puts_back_no_older_checkpoint()
    {
        using var keys = Keys(_folder.Path);
        var (first, more) = (_writer.Write(5), _writer.Write(5));
        var sealedByNext = 0L;
        var old = Open(_folder.Path, keys, step =>
        {
            if (step == "replace calls-0/checkpoint" && sealedByNext == 0)
            {
                try
                {
                    var next = Open(_folder.Path, keys, static _ => { });
                    next.Accept(more);
                    sealedByNext = next.Commit(0)?.Size ?? 0;
                }
                catch (IOException)
                {
                    // It has to wait until the first has signed.
                    sealedByNext = -1;
                }
            }
        });
        old.Accept(first);
        Assert.NotNull(old.Commit(0));
        Assert.NotEqual(0, sealedByNext);
        Assert.True(Signed(_folder.Path).Size >= sealedByNext);
    }

    [Fact]
    public void Offsets_without_a_record_are_passed_once_and_are_no_news()
    {
        using var keys = Keys(_folder.Path);
        var first = Open(_folder.Path, keys, static _ => { });
        first.Accept(_writer.Write(5));
        Assert.NotNull(first.Commit(0));
        first.Pass(7);
        Assert.False(first.HasNews);
        Assert.Equal(5, first.Commit(0)!.Size);

        Assert.Equal((7, 5), (Open(_folder.Path, keys, static _ => { }).Next, Signed(_folder.Path).Size));
    }

    [Fact]
    public void Tiles_that_are_not_the_sealed_tree_are_not_sealed_on()
    {
        using var keys = Keys(_folder.Path);
        var sealer = Open(_folder.Path, keys, static _ => { });
        sealer.Accept(_writer.Write(20));
        Assert.NotNull(sealer.Commit(0));
        var tile = Path.Combine(_folder.Path, "tiles", "calls-0", "tile", "0", "000.p", "20");
        var bytes = File.ReadAllBytes(tile);
        bytes[100] ^= 1;
        File.WriteAllBytes(tile, bytes);

        Assert.Null(PartitionSealer.Open(LedgerPartition.Calls, Prefix, In(_folder.Path, "tiles"), In(_folder.Path, "sealer"), keys, out var refusal));
        Assert.Contains("root", refusal, StringComparison.Ordinal);
        File.Delete(tile);
        Assert.Null(PartitionSealer.Open(LedgerPartition.Calls, Prefix, In(_folder.Path, "tiles"), In(_folder.Path, "sealer"), keys, out refusal));
        Assert.Contains("tile/0/000.p/20", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_set_back_behind_its_checkpoint_signs_nothing()
    {
        using var keys = Keys(_folder.Path);
        var sealer = Open(_folder.Path, keys, static _ => { });
        sealer.Accept(_writer.Write(5));
        Assert.NotNull(sealer.Commit(0));
        var state = Path.Combine(_folder.Path, "sealer", "calls-0.state");
        var kept = File.ReadAllBytes(state);
        sealer.Accept(_writer.Write(5));
        Assert.NotNull(sealer.Commit(0));
        File.WriteAllBytes(state, kept);
        var restored = Open(_folder.Path, keys, static _ => { });
        restored.Accept(_writer.Write(1));

        Assert.Throws<IOException>(() => restored.Commit(0));
        Assert.Equal(10, Signed(_folder.Path).Size);
    }

    [Fact]
    public void Faults_survive_a_crash_until_they_are_reported()
    {
        using var keys = Keys(_folder.Path);
        var records = _writer.Write(10);
        var sealer = Open(_folder.Path, keys, static _ => { });
        sealer.Accept([records[0], records[2], records[1], records[3], records[3]]);
        sealer.Accept([new(LedgerPartition.Calls, 20, Encoding.UTF8.GetBytes("garbage"))]);
        Assert.NotNull(sealer.Commit(7));
        var again = Open(_folder.Path, keys, static _ => { });

        Assert.Equal(["reordered", "duplicated", "unreadable"], again.Unreported.Faults.Select(f => f.Fault));
        Assert.Equal(7, again.Unreported.From);
        Assert.True(again.TryReported());
        Assert.Empty(Open(_folder.Path, keys, static _ => { }).Unreported.Faults);
    }

    [Fact]
    public void A_gap_that_was_held_back_is_remembered_across_a_restart()
    {
        using var keys = Keys(_folder.Path);
        var records = _writer.Write(ChainVerifier.Patience + 10);
        var sealer = Open(_folder.Path, keys, static _ => { });
        sealer.Accept([records[0], records[3]]);
        Assert.NotNull(sealer.Commit(0));
        var again = Open(_folder.Path, keys, static _ => { });
        again.Accept([.. records.Skip(4)]);
        Assert.NotNull(again.Commit(0));

        Assert.Equal([(3L, "gap")], again.Unreported.Faults.Select(f => (f.Offset, f.Fault)));
    }

    [Theory]
    [InlineData(NoteAlgorithm.Ed25519)]
    [InlineData(NoteAlgorithm.EcdsaP256)]
    public void After_a_rotation_one_checkpoint_is_signed_by_both_keys_and_the_next_by_the_new_one(NoteAlgorithm algorithm)
    {
        using var keys = Keys(_folder.Path);
        var old = VKey(_folder.Path);
        var sealer = Open(_folder.Path, keys, static _ => { });
        sealer.Accept(_writer.Write(5));
        Assert.NotNull(sealer.Commit(0));
        Assert.True(keys.TryRotate(algorithm, "somebody", TimeProvider.System));
        Assert.False(keys.TryRotate(algorithm, "somebody", TimeProvider.System));
        var next = VKey(_folder.Path);
        keys.FinishRotation(Path.Combine(_folder.Path, "tiles"));

        Assert.NotNull(sealer.Commit(0));
        Assert.Equal(2, Note(_folder.Path).Signatures.Count);
        Assert.Equal(NoteVerdict.Verified, Note(_folder.Path).Open(old));
        Assert.Equal(NoteVerdict.Verified, Note(_folder.Path).Open(next));
        Assert.NotNull(sealer.Commit(0));
        Assert.Single(Note(_folder.Path).Signatures);
        Assert.Equal(NoteVerdict.Verified, Note(_folder.Path).Open(next));
        keys.FinishRotation(Path.Combine(_folder.Path, "tiles"));
        Assert.False(File.Exists(Path.Combine(_folder.Path, "keys", "signing.key.previous")));
        Assert.Equal(old.ToString(), File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "keys", "retired")))).Trim());
        Assert.Equal((old.ToString(), next.ToString(), "somebody"), keys.Unannounced() is { } told ? (told.Old, told.New, told.By) : default);
    }

    [Fact]
    public void The_private_key_can_be_read_by_its_owner_only()
    {
        using var keys = Keys(_folder.Path);

        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder.Path, "keys", "signing.key")));
        }
    }

    private static void Run(string folder, List<IReadOnlyList<LedgerRecord>> batches, Action<string> beforeStep)
    {
        using var keys = Keys(folder);
        var sealer = Open(folder, keys, beforeStep);
        foreach (var batch in batches)
        {
            sealer.Accept([.. batch.Where(r => r.Offset >= sealer.Next)]);
            Assert.NotNull(sealer.Commit(0));
        }
    }

    private static SigningKeyStore Keys(string folder) =>
        SigningKeyStore.Open(new() { Folder = folder, OriginPrefix = Prefix, Source = "/sealer/test/1" }, [LedgerPartition.Calls]);

    private static PartitionSealer Open(string folder, SigningKeyStore keys, Action<string> beforeStep) =>
        PartitionSealer.Open(LedgerPartition.Calls, Prefix, new(Path.Combine(folder, "tiles"), beforeStep), new(Path.Combine(folder, "sealer"), beforeStep), keys, out var refusal)
        ?? throw new InvalidOperationException(refusal);

    private static SealFolder In(string folder, string name) => new(Path.Combine(folder, name), static _ => { });

    private static TileFolder Tiles(string folder) => new(Path.Combine(folder, "tiles"), LedgerPartition.Calls);

    private static VerifierKey VKey(string folder) =>
        VerifierKey.TryParse(File.ReadAllText(Path.Combine(folder, "keys", "calls-0.vkey")).Trim(), out var key) ? key! : throw new FormatException("no vkey");

    private static SignedNote Note(string folder) => SignedNote.TryParse(Tiles(folder).Checkpoint(), out var note) ? note! : throw new FormatException("no note");

    private static Checkpoint Signed(string folder)
    {
        Assert.Equal(NoteVerdict.Verified, Note(folder).Open(VKey(folder)));
        return Checkpoint.TryParse(Note(folder).Text, out var checkpoint) ? checkpoint! : throw new FormatException("no checkpoint");
    }

    private sealed class KilledException : Exception;
}
