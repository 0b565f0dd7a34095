using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>A proof that stands on its own, and the two files it is about.</summary>
/// <param name="Proof">The <c>.tlog-proof</c>.</param>
/// <param name="Entry">The leaf's bytes: what the proof proves to be in the signed tree.</param>
/// <param name="Leaf">The leaf as it reads: it names the event and carries the SHA-256 of the record's exact bytes.</param>
public sealed record EventProof(TlogProof Proof, ReadOnlyMemory<byte> Entry, LedgerLeaf Leaf);

/// <summary>Makes proofs from a ledger's tiles. Reads only <c>tiles/</c>; needs no sealer to run.</summary>
public sealed class LedgerProofs(string dataFolder)
{
    private readonly string _tiles = Path.Combine(dataFolder, "tiles");

    /// <summary>The last signed checkpoint of a partition, verbatim: what an auditor keeps. Null when nothing is sealed.</summary>
    public byte[]? Checkpoint(LedgerPartition partition) => new TileFolder(_tiles, partition).Checkpoint();

    /// <summary>Proves one event. Looks through all entries; where the offset is known, <see cref="At"/> is quicker.</summary>
    /// <returns>Null when no checkpoint covers it yet.</returns>
    public EventProof? Of(LedgerPartition partition, EventId id) =>
        Open(partition) is { } log && LeafSearch.ByEvent(log.Tiles.Read, log.Checkpoint.Size, id) is { } index ? Make(log, index) : null;

    /// <summary>Proves the event at an offset.</summary>
    /// <returns>Null when no checkpoint covers it yet, or no record lies there.</returns>
    public EventProof? At(LedgerPartition partition, long offset) =>
        Open(partition) is { } log && Make(log, LeafSearch.ByOffset(log.Tiles.Read, log.Checkpoint.Size, offset)) is { } proof && proof.Leaf.Offset == offset ? proof : null;

    /// <summary>Proves that the tree as it is goes on from its first <paramref name="first"/> leaves.</summary>
    /// <returns>Null when the tree is smaller, or a tile is missing.</returns>
    public IReadOnlyList<Digest>? Consistency(LedgerPartition partition, long first) =>
        Open(partition) is { } log && first > 0 && first <= log.Checkpoint.Size ? new TiledTree(log.Checkpoint.Size, log.Tiles.Read).Consistency(first) : null;

    private (TileFolder Tiles, byte[] Note, Checkpoint Checkpoint)? Open(LedgerPartition partition)
    {
        var tiles = new TileFolder(_tiles, partition);
        return tiles.Checkpoint() is { } note && Contracts.Integrity.Checkpoint.TryParse(note, out _, out var checkpoint) ? (tiles, note, checkpoint!) : null;
    }

    private static EventProof? Make((TileFolder Tiles, byte[] Note, Checkpoint Checkpoint) log, long index)
    {
        var size = log.Checkpoint.Size;
        if (index >= size
            || LeafSearch.At(log.Tiles.Read, size, index) is not { } leaf
            || new TiledTree(size, log.Tiles.Read).Inclusion(index) is not { } hashes
            || TlogProof.Create(index, hashes, log.Note) is not { } proof)
        {
            return null;
        }

        var entry = new byte[LedgerLeaf.MaxLength];
        return new(proof, entry.AsMemory(0, leaf.Format(entry)), leaf);
    }
}
