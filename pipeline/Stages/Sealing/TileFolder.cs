using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>The tiles of one partition, read from a folder in the layout of C2SP tlog-tiles. A copy of the folder does as well.</summary>
public sealed class TileFolder(string tiles, LedgerPartition partition)
{
    private readonly string _root = Path.Combine(tiles, partition.ToString());

    /// <summary>The last signed checkpoint, verbatim; null when there is none.</summary>
    public byte[]? Checkpoint() => TryRead("checkpoint");

    /// <summary>A tile's bytes: of a partial tile its own file, else the beginning of the full one. Null when there is neither.</summary>
    public ReadOnlyMemory<byte>? Read(Tile tile)
    {
        if (TryRead(tile.Path) is { } bytes)
        {
            return bytes;
        }

        if (tile.IsFull || TryRead(tile.Full.Path) is not { } full)
        {
            return null;
        }

        return tile.Level == Tile.Entries ? full : full.AsMemory(0, Math.Min(full.Length, tile.Width * Digest.Size));
    }

    private byte[]? TryRead(string path)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(_root, path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
