using CsCheck;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class MerkleTreeTests
{
    // The eight entries and nine roots that Certificate Transparency's implementations share.
    private static readonly string[] Entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Roots_are_those_of_RFC_6962()
    {
        var tree = new CompactTree();
        for (var size = 0; size <= Entries.Length; size++)
        {
            Assert.Equal(Roots[size], tree.Root.ToString());
            if (size < Entries.Length)
            {
                tree.Append(MerkleTree.HashLeaf(Convert.FromHexString(Entries[size])));
            }
        }
    }

    [Fact]
    public void An_entry_too_long_for_the_stack_hashes_like_any_other() => Gen.Int[500, 600].Sample(length =>
    {
        var entry = new byte[length];
        Assert.Equal(Digest.Of([0, .. entry]), MerkleTree.HashLeaf(entry));
    });

    [Fact]
    public void Every_proof_from_tiles_verifies_and_no_other_root_passes() =>
        Gen.Select(Gen.Long[1, 70_000], Gen.Double[0, 1], Gen.Double[0, 1]).Sample((size, a, b) =>
        {
            var (log, root) = (MemoryLog.Shared, MemoryLog.Shared.Root(size));
            var tree = new TiledTree(size, log.Read);
            var (index, first) = ((long)(a * (size - 1)), 1 + (long)(b * (size - 1)));

            Assert.Equal(root, tree.Root());
            var inclusion = tree.Inclusion(index)!.ToArray();
            Assert.True(MerkleProof.VerifyInclusion(index, size, log.Leaf(index), inclusion, root));
            Assert.False(MerkleProof.VerifyInclusion(index, size, log.Leaf(index + 1), inclusion, root));
            var consistency = tree.Consistency(first)!.ToArray();
            Assert.True(MerkleProof.VerifyConsistency(first, size, log.Root(first), root, consistency));
            Assert.True(MerkleProof.VerifySubtreeConsistency(0, first, size, log.Root(first), root, consistency));
            Assert.False(first < size && MerkleProof.VerifyConsistency(first, size, log.Root(first - 1), root, consistency));
            Assert.False(MerkleProof.VerifyConsistency(first, size, log.Root(first), log.Root(size - 1), consistency));
        }, iter: 300);

    [Fact]
    public void A_range_is_proved_by_its_subtree() => Gen.Select(Gen.Int[0, 12], Gen.Long[0, 60], Gen.Double[0, 1], Gen.Long[0, 5000]).Sample((height, at, filled, more) =>
    {
        var (start, width) = (at << height, 1L << height);
        var end = start + Math.Max(1, (width / 2) + (long)(filled * (width - (width / 2))));
        var size = Math.Min(end + more, MemoryLog.Leaves);
        if (end > size)
        {
            return;
        }

        var (log, tree) = (MemoryLog.Shared, new TiledTree(size, MemoryLog.Shared.Read));
        Assert.True(MerkleProof.VerifySubtreeConsistency(start, end, size, Grow(new(), start, end - start).Root, log.Root(size), tree.Subtree(start, end)!.ToArray()));
    }, iter: 300);

    [Fact]
    public void A_missing_tile_is_named_and_proves_nothing()
    {
        var tree = new TiledTree(700, tile => tile.Index == 1 ? null : MemoryLog.Shared.Read(tile));

        Assert.Null(tree.Inclusion(300));
        Assert.Equal("tile/0/001", tree.Missing!.Value.Path);
    }

    private static CompactTree Grow(CompactTree tree, long from, long count)
    {
        for (var i = from; i < from + count; i++)
        {
            tree.Append(MemoryLog.Shared.Leaf(i));
        }

        return tree;
    }
}
