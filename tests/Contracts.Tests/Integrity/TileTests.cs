using CsCheck;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class TileTests
{
    [Theory]
    [InlineData(0, 0L, 256, "tile/0/000")]
    [InlineData(0, 1234067L, 256, "tile/0/x001/x234/067")]
    [InlineData(2, 1000L, 7, "tile/2/x001/000.p/7")]
    [InlineData(-1, 12L, 3, "tile/entries/012.p/3")]
    [InlineData(63, 999L, 1, "tile/63/999.p/1")]
    public void A_tile_has_the_path_that_the_specification_gives(int level, long index, int width, string path)
    {
        Assert.Equal(path, new Tile(level, index, width).Path);
        Assert.True(Tile.TryParse(path, out var tile));
        Assert.Equal(new(level, index, width), tile);
    }

    [Theory]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/1/000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/x001/x234/x067")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/-01")]
    [InlineData("tile/0/../000")]
    [InlineData("tile/entries")]
    [InlineData("entries/000")]
    [InlineData("")]
    public void Any_other_path_is_refused(string path) => Assert.False(Tile.TryParse(path, out _));

    [Fact]
    public void Every_path_reads_back() => Gen.Select(Gen.Int[-1, 63], Gen.Long[0, long.MaxValue], Gen.Int[1, 256]).Sample((level, index, width) =>
    {
        var tile = new Tile(level, index, width);
        Assert.True(Tile.TryParse(tile.Path, out var read));
        Assert.Equal(tile, read);
    });

    [Fact]
    public void A_tree_of_70000_leaves_has_the_tiles_of_the_specification()
    {
        var tiles = Tile.Of(70_000).ToList();

        Assert.Equal(273, tiles.Count(t => t is { Level: 0, IsFull: true }));
        Assert.Contains(new(0, 273, 112), tiles);
        Assert.Contains(new(1, 0, 256), tiles);
        Assert.Contains(new(1, 1, 17), tiles);
        Assert.Contains(new(2, 0, 1), tiles);
        Assert.Equal(274, tiles.Count(t => t.Level == Tile.Entries));
        Assert.Equal(274 + 274 + 3, tiles.Count);
    }

    [Fact]
    public void A_tree_of_256_leaves_has_a_partial_tile_of_one_above_it() =>
        Assert.Equal([new(-1, 0, 256), new(0, 0, 256), new(1, 0, 1)], Tile.Of(256));

    [Fact]
    public void Entries_read_back_in_order() => Gen.Byte.Array[0, 700].Array[0, 20].Sample(entries =>
    {
        var bundle = new byte[entries.Sum(e => e.Length + 2)];
        var at = 0;
        foreach (var entry in entries)
        {
            at += EntryBundle.Put(bundle.AsSpan(at), entry);
        }

        for (var i = 0; i < entries.Length; i++)
        {
            Assert.True(EntryBundle.TryGet(bundle, i, out var entry));
            Assert.Equal(entries[i], entry);
        }

        Assert.False(EntryBundle.TryGet(bundle, entries.Length, out _));
    });

    [Fact]
    public void A_bundle_that_breaks_off_gives_no_entry() => Assert.False(EntryBundle.TryGet([0, 5, 1, 2], 0, out _));
}
