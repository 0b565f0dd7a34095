using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>Finds leaves in entry bundles. What is found is as true as the bundles are: check it against the signed root.</summary>
public static class LeafSearch
{
    /// <summary>The leaf at an index; null when its bundle is missing or it is no leaf of a ledger.</summary>
    public static LedgerLeaf? At(TileSource tiles, long size, long index) =>
        index >= 0 && index < size
        && tiles(Tile.Holding(Tile.Entries, index, size)) is { } bundle
        && EntryBundle.TryGet(bundle.Span, (int)(index % Tile.FullWidth), out var entry)
        && LedgerLeaf.TryParse(entry, out var leaf)
            ? leaf
            : null;

    /// <summary>Index of the first leaf whose record lies at <paramref name="offset"/> or after it; the size when there is none. Leaves are in the order of offsets.</summary>
    public static long ByOffset(TileSource tiles, long size, long offset)
    {
        var (low, high) = (0L, size);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = At(tiles, size, middle) is { } leaf && leaf.Offset < offset ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Index of the leaf that commits to an event; null when there is none, or where entries and their hashes are both gone. Reads bundles from the last to the first.</summary>
    public static long? ByEvent(TileSource tiles, long size, EventId id)
    {
        var needle = Encoding.ASCII.GetBytes($"/v1\n{id}\n");
        for (var first = (size - 1) & ~(long)(Tile.FullWidth - 1); first >= 0; first -= Tile.FullWidth)
        {
            var tile = Tile.Holding(Tile.Entries, first, size);
            if (tiles(tile) is not { } bundle)
            {
                if (tiles(tile with { Level = 0 }) is null)
                {
                    return null;
                }

                continue;
            }

            if (bundle.Span.IndexOf(needle) < 0)
            {
                continue;
            }

            var rest = bundle.Span;
            for (var index = first; index < size && EntryBundle.TryTake(ref rest, out var entry); index++)
            {
                if (LedgerLeaf.TryParse(entry, out var leaf) && leaf.Event == id)
                {
                    return index;
                }
            }
        }

        return null;
    }

    /// <summary>Indexes of the leaves that commit to any of some events, in one pass over the bundles; the last one where there are several. Ends where entries and their hashes are both gone.</summary>
    public static Dictionary<EventId, long> ByEvents(TileSource tiles, long size, IReadOnlySet<EventId> ids)
    {
        var found = new Dictionary<EventId, long>();
        for (var first = 0L; ids.Count > 0 && first < size; first += Tile.FullWidth)
        {
            var tile = Tile.Holding(Tile.Entries, first, size);
            if (tiles(tile) is not { } bundle)
            {
                if (tiles(tile with { Level = 0 }) is null)
                {
                    break;
                }

                continue;
            }

            var rest = bundle.Span;
            for (var index = first; index < size && EntryBundle.TryTake(ref rest, out var entry); index++)
            {
                if (LedgerLeaf.TryParse(entry, out var leaf) && leaf.Event is { } id && ids.Contains(id))
                {
                    found[id] = index;
                }
            }
        }

        return found;
    }
}
