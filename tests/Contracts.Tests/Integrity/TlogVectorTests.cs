using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

/// <summary>A whole log of 15 entries that another implementation made.</summary>
public sealed class TlogVectorTests(ITestOutputHelper output)
{
    private const int Entries = 15;

    // The key that the log was published with.
    private const string PublishedKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

    private static VerifierKey Key => VerifierKey.TryParse(PublishedKey, out var key) ? key! : throw new FormatException(PublishedKey);

    [Fact]
    public void Every_checkpoint_tile_and_entry_of_the_published_log_agrees()
    {
        var log = Log();
        var tree = new CompactTree();
        var checkedFiles = 0;
        for (var size = 0; size <= Entries; size++)
        {
            var checkpoint = Open(log, size);
            if (size > 0)
            {
                var bundle = Read(log, new(Tile.Entries, 0, size)).Span;
                Assert.True(EntryBundle.TryGet(bundle, size - 1, out var entry));
                Assert.False(EntryBundle.TryGet(bundle, size, out _));
                tree.Append(MerkleTree.HashLeaf(entry));
                Assert.Equal(checkpoint.Root, new TiledTree(size, t => Read(log, t)).Root());
                checkedFiles += 2;
            }

            Assert.Equal((size, tree.Root), ((int)checkpoint.Size, checkpoint.Root));
            checkedFiles++;
        }

        Assert.Equal(Open(log, Entries), Open(log, null));
        output.WriteLine($"tlog: {checkedFiles + 1} files");
    }

    [Fact]
    public void Every_pair_of_its_checkpoints_is_consistent_and_every_entry_is_included()
    {
        var log = Log();
        for (var size = 1; size <= Entries; size++)
        {
            var (tree, root) = (new TiledTree(size, t => Read(log, t)), Open(log, size).Root);
            for (var first = 1; first <= size; first++)
            {
                Assert.True(MerkleProof.VerifyConsistency(first, size, Open(log, first).Root, root, tree.Consistency(first)!.ToArray()));
                var entry = Entry(log, first - 1);
                var proof = TlogProof.Create(first - 1, tree.Inclusion(first - 1)!, File.ReadAllBytes(Path.Combine(log, $"checkpoint.{size}")));
                Assert.Equal(ProofVerdict.Verified, proof!.Verify(entry, Key));
                Assert.Equal(size == 1 ? ProofVerdict.Verified : ProofVerdict.NotIncluded, proof.Verify(Entry(log, size == 1 ? 0 : first % size), Key));
            }
        }
    }

    private static string Log() => Path.Combine(Vectors.Folder("tlog"), "testdata", "log");

    private static Checkpoint Open(string log, int? size)
    {
        Assert.True(Checkpoint.TryParse(File.ReadAllBytes(Path.Combine(log, size is null ? "checkpoint" : $"checkpoint.{size}")), out var note, out var checkpoint));
        Assert.Equal(NoteVerdict.Verified, note!.Open(Key));
        return checkpoint!;
    }

    private static byte[] Entry(string log, int index) =>
        EntryBundle.TryGet(Read(log, new(Tile.Entries, 0, Entries)).Span, index, out var entry) ? entry.ToArray() : throw new FormatException("no entry");

    private static ReadOnlyMemory<byte> Read(string log, Tile tile) => File.ReadAllBytes(Path.Combine(log, tile.Path));
}
