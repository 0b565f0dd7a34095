using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Stages.Verification;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>Tiles of a tree so large that those of one part lead to the root without those of another.</summary>
public sealed class MissingTileTests : IDisposable
{
    private const long UpperTile = Tile.FullWidth * Tile.FullWidth;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_can_be_proved_behind_an_upper_tile_that_is_gone_is_verified()
    {
        const long Size = UpperTile + 300;
        var (tiles, root) = Grow(Size);
        File.Delete(Path.Combine(_folder.Path, "calls-0", "tile/1/000"));
        var (findings, said) = (new List<VerificationFinding>(), new SaidInControl());
        var range = new RangeVerification(LedgerPartition.Calls, new("example.com/log/calls-0", Size, root), tiles, new Made(), blobs: null, new(said, () => said), findings);

        range.Verify(UpperTile - 600, Size - 20, CancellationToken.None);

        Assert.Equal((VerificationChecks.TileMissing, "tile/1/000"), Assert.Single(findings) is var found ? (found.Check, found.Expected) : default);
        Assert.Equal(280, range.Records);
    }

    private (TileFolder Tiles, Digest Root) Grow(long size)
    {
        var tiles = new TileFolder(_folder.Path, LedgerPartition.Calls);
        var tree = TileWriter.Resume(0, tiles.Read, out _)!;
        var entry = new byte[LedgerLeaf.MaxLength];
        for (var offset = 0L; offset < size; offset++)
        {
            tree.Append(entry.AsSpan(0, LedgerLeaf.Of(LedgerPartition.Calls, offset, Made.Record(offset), out _).Format(entry)));
        }

        new SealFolder(_folder.Path, static _ => { }).WriteAll([.. tree.Take().Select(static t => ($"calls-0/{t.Tile.Path}", t.Bytes))]);
        return (tiles, tree.Root);
    }

    /// <summary>Records that are made when they are asked for.</summary>
    private sealed class Made : IRecordScan
    {
        public long? First => 0;

        public static byte[] Record(long offset) => BitConverter.GetBytes(offset);

        public void Read(long from, long to, ISegmentVisitor visitor, CancellationToken cancellationToken)
        {
            for (var offset = from; offset < to; offset++)
            {
                visitor.Record(offset, Record(offset), checksumHolds: true);
            }
        }
    }
}
