using System.Buffers;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// Names and other strings of one piece as the words that a model reads in them: <c>doNotTellTheUser</c> and <c>do-not_tell_the_user</c> alike. Each ends like a sentence, so that no two say anything together.
/// </summary>
internal static class SplitNames
{
    // What is longer is no name that anybody types.
    private const int LongestName = 64;
    private static readonly SearchValues<char> Spaces = SearchValues.Create([.. Enumerable.Range(0, char.MaxValue).Select(code => (char)code).Where(char.IsWhiteSpace)]);

    /// <summary>How much room all of a definition's take.</summary>
    public static int Longest(MessageText definition) => 2 * (definition.Plain.Length + definition.Leaves.Length);

    /// <summary>Writes them one after the other, in lower case.</summary>
    /// <param name="definition">Where they stand.</param>
    /// <param name="areNames">Whether those that can be names are written, or those that are too long for one.</param>
    /// <param name="split">Takes them.</param>
    /// <returns>How many characters that are.</returns>
    public static int Write(MessageText definition, bool areNames, Span<char> split) => Write(definition, areNames, split, int.MaxValue, out _);

    /// <summary>Where the name stands that holds character <paramref name="at"/> of what <see cref="Write(MessageText, bool, Span{char})"/> wrote, in the definition's normal form.</summary>
    public static (int Start, int Length) PlaceOf(MessageText definition, bool areNames, int at)
    {
        Write(definition, areNames, default, at, out var leaf);
        return PlaceOf(definition, leaf);
    }

    /// <summary>Whether character <paramref name="at"/> of the normal form stands in a name, and where that does.</summary>
    public static bool IsName(MessageText definition, int at, out int start, out int length)
    {
        (start, length) = (0, 0);
        var leaf = LeafAt(definition.Leaves, definition.Normal.OriginAt(at));
        if (leaf.Kind is TextLeafKind.Number or TextLeafKind.Binary || !CanBeName(definition.Plain.Chars.Slice(leaf.Start, leaf.Length)))
        {
            return false;
        }

        // An escape may hide that it is several words.
        (start, length) = PlaceOf(definition, leaf);
        return at < start + length && !definition.Normal.Chars.Slice(start, length).ContainsAny(Spaces);
    }

    // The last one that begins there or before.
    private static TextLeaf LeafAt(ReadOnlySpan<TextLeaf> leaves, int origin)
    {
        var from = 0;
        for (var count = leaves.Length; count > 1;)
        {
            var half = count / 2;
            from += leaves[from + half].ByteStart <= origin ? half : 0;
            count -= half;
        }

        return leaves[from];
    }

    private static bool CanBeName(ReadOnlySpan<char> text) => text.Length <= LongestName && !text.ContainsAny(Spaces);

    private static (int Start, int Length) PlaceOf(MessageText definition, in TextLeaf leaf)
    {
        var start = definition.Normal.IndexOfByte(leaf.ByteStart);
        return (start, definition.Normal.IndexOfByte(leaf.ByteStart + leaf.ByteLength) - start);
    }

    // Without room it only counts.
    private static int Write(MessageText definition, bool areNames, Span<char> split, int until, out TextLeaf last)
    {
        last = default;
        var count = 0;
        foreach (var leaf in definition.Leaves)
        {
            var name = definition.Plain.Chars.Slice(leaf.Start, leaf.Length);
            if (count > until || leaf.Kind is TextLeafKind.Number or TextLeafKind.Binary || name.ContainsAny(" \t\r\n") || CanBeName(name) != areNames)
            {
                continue;
            }

            last = leaf;
            for (var i = 0; i < name.Length; i++)
            {
                var isGap = name[i] is '_' or '-';
                if (isGap || IsHump(name, i))
                {
                    Put(split, ref count, ' ');
                }

                if (!isGap)
                {
                    Put(split, ref count, char.ToLowerInvariant(name[i]));
                }
            }

            Put(split, ref count, '.');
            Put(split, ref count, ' ');
        }

        return count;
    }

    // aB, and the last letter of AB before a small one.
    private static bool IsHump(ReadOnlySpan<char> name, int i) =>
        i > 0 && char.IsUpper(name[i]) && (char.IsLower(name[i - 1]) || char.IsDigit(name[i - 1]) || (char.IsUpper(name[i - 1]) && i + 1 < name.Length && char.IsLower(name[i + 1])));

    private static void Put(Span<char> split, ref int count, char c)
    {
        if (count < split.Length)
        {
            split[count] = c;
        }

        count++;
    }
}
