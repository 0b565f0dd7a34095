using System.Globalization;
using System.Text;

namespace McpLedger.Contracts.Integrity;

/// <summary>One resource of a tiled log (C2SP tlog-tiles): up to 256 consecutive hashes of one level, or the entries under a level-0 tile.</summary>
/// <param name="Level">0 for leaf hashes, each further level 8 heights up, at most 63; <see cref="Entries"/> for an entry bundle.</param>
/// <param name="Index">Place within the level.</param>
/// <param name="Width">Hashes or entries it holds: 256 when full, 1 to 255 when partial.</param>
public readonly record struct Tile(int Level, long Index, int Width)
{
    /// <summary>Levels of the tree that one tile spans.</summary>
    public const int Height = 8;

    /// <summary>Width of a full tile.</summary>
    public const int FullWidth = 1 << Height;

    /// <summary>The level of entry bundles.</summary>
    public const int Entries = -1;

    private const int HighestLevel = 63;

    /// <summary>True when it can never change again.</summary>
    public bool IsFull => Width == FullWidth;

    /// <summary>The full tile in the same place.</summary>
    public Tile Full => this with { Width = FullWidth };

    /// <summary>Path below the log's prefix, such as <c>tile/0/x001/x234/067</c> or <c>tile/entries/000.p/12</c>.</summary>
    public string Path
    {
        get
        {
            var path = new StringBuilder(Index.ToString("000", CultureInfo.InvariantCulture));
            while (path.Length % 3 != 0)
            {
                path.Insert(0, '0');
            }

            for (var at = path.Length - 3; at > 0; at -= 3)
            {
                path.Insert(at, '/').Insert(at - 3, 'x');
            }

            path.Insert(0, Level == Entries ? "tile/entries/" : string.Create(CultureInfo.InvariantCulture, $"tile/{Level}/"));
            return IsFull ? path.ToString() : path.Append(CultureInfo.InvariantCulture, $".p/{Width}").ToString();
        }
    }

    /// <summary>The tile that holds hash <paramref name="node"/> of <paramref name="level"/> in a tree of <paramref name="size"/> leaves, as wide as that tree has it.</summary>
    public static Tile Holding(int level, long node, long size)
    {
        var index = node >> Height;
        var complete = level <= 0 ? size : size >> (level * Height);
        return new(level, index, (int)Math.Min(complete - (index << Height), FullWidth));
    }

    /// <summary>Every tile of a tree of <paramref name="size"/> leaves, entry bundles included.</summary>
    public static IEnumerable<Tile> Of(long size)
    {
        for (var level = Entries; level <= HighestLevel && (level <= 0 || size >> (level * Height) > 0); level++)
        {
            var complete = level <= 0 ? size : size >> (level * Height);
            for (var node = 0L; node < complete; node += FullWidth)
            {
                yield return Holding(level, node, size);
            }
        }
    }

    /// <summary>Reads a path that <see cref="Path"/> writes; anything else, such as a leading zero or a number out of range, is refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> path, out Tile tile)
    {
        tile = default;
        if (!path.StartsWith("tile/", StringComparison.Ordinal))
        {
            return false;
        }

        var rest = path[5..];
        var slash = rest.IndexOf('/');
        if (slash < 0)
        {
            return false;
        }

        var level = Entries;
        if (!rest[..slash].SequenceEqual("entries") && (!int.TryParse(rest[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out level) || level > HighestLevel))
        {
            return false;
        }

        rest = rest[(slash + 1)..];
        var partial = rest.IndexOf(".p/", StringComparison.Ordinal);
        var width = FullWidth;
        if (partial >= 0 && !int.TryParse(rest[(partial + 3)..], NumberStyles.None, CultureInfo.InvariantCulture, out width))
        {
            return false;
        }

        var digits = (partial >= 0 ? rest[..partial] : rest).ToString().Replace("/", "", StringComparison.Ordinal).Replace("x", "", StringComparison.Ordinal);
        if (width is < 1 or > FullWidth || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }

        tile = new(level, index, width);
        return path.SequenceEqual(tile.Path);
    }
}
