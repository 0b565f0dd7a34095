using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Running;

/// <summary>Checkpoints, tiles and proofs, read from the data folder.</summary>
internal sealed class IntegrityFolder(string dataFolder)
{
    private readonly string _tiles = Path.Combine(dataFolder, "tiles");

    /// <summary>Verifier keys, one line for each partition's origin; null before the sealer made its key.</summary>
    public string? VerifierKeys => Text(Path.Combine(dataFolder, "keys", "signing.vkey"));

    /// <summary>Keys that were replaced: they verify checkpoints from before.</summary>
    public IEnumerable<string> RetiredKeys =>
        Directory.Exists(Path.Combine(dataFolder, "keys", "retired")) ? Directory.EnumerateFiles(Path.Combine(dataFolder, "keys", "retired"), "*.vkey").Order(StringComparer.Ordinal).Select(File.ReadAllText) : [];

    public TileFolder Tiles(LedgerPartition partition) => new(_tiles, partition);

    /// <summary>The proof that an event's leaf is in the tree last signed; the leaf goes with it as the proof's extra bytes.</summary>
    /// <returns>Null while no checkpoint covers the event.</returns>
    public (TlogProof Proof, LedgerLeaf Leaf)? Prove(EventId id)
    {
        foreach (var partition in Sealed())
        {
            var tiles = Tiles(partition);
            if (tiles.Checkpoint() is not { } note || !Checkpoint.TryParse(note, out _, out var checkpoint) || LeafSearch.ByEvent(tiles.Read, checkpoint!.Size, id) is not { } index)
            {
                continue;
            }

            if (LeafSearch.At(tiles.Read, checkpoint.Size, index) is { } leaf
                && new TiledTree(checkpoint.Size, tiles.Read).Inclusion(index) is { } hashes
                && TlogProof.Create(index, hashes, note) is { } proof)
            {
                var bytes = new byte[LedgerLeaf.MaxLength];
                return (proof.WithExtra(bytes.AsMemory(0, leaf.Format(bytes))), leaf);
            }
        }

        return null;
    }

    private IEnumerable<LedgerPartition> Sealed() => !Directory.Exists(_tiles) ? [] :
        from folder in Directory.EnumerateDirectories(_tiles).Order(StringComparer.Ordinal)
        let known = LedgerPartition.TryParse(Path.GetFileName(folder), out var partition) ? partition : (LedgerPartition?)null
        where known is not null
        select known.Value;

    private static string? Text(string path) => File.Exists(path) ? File.ReadAllText(path) : null;
}
