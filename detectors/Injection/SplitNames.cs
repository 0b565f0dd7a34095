using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// Names and other strings of one piece as the words that a model reads in them: <c>doNotTellTheUser</c> and <c>do-not_tell_the_user</c> alike. Each ends like a sentence, so that no two say anything together.
/// </summary>
internal static class SplitNames
{
    /// <summary>How much room all of a definition's take.</summary>
    public static int Longest(MessageText definition) => 2 * (definition.Plain.Length + definition.Leaves.Length);

    /// <summary>Writes them one after the other, in lower case.</summary>
    /// <returns>How many characters that are.</returns>
    public static int Write(MessageText definition, Span<char> split) => Write(definition, split, int.MaxValue, out _);

    /// <summary>Where the name stands that holds character <paramref name="at"/> of what <see cref="Write(MessageText, Span{char})"/> wrote, in the definition's normal form.</summary>
    public static (int Start, int Length) PlaceOf(MessageText definition, int at)
    {
        Write(definition, default, at, out var leaf);
        var start = definition.Normal.IndexOfByte(leaf.ByteStart);
        return (start, definition.Normal.IndexOfByte(leaf.ByteStart + leaf.ByteLength) - start);
    }

    // Without room it only counts.
    private static int Write(MessageText definition, Span<char> split, int until, out TextLeaf last)
    {
        last = default;
        var count = 0;
        foreach (var leaf in definition.Leaves)
        {
            var name = definition.Plain.Chars.Slice(leaf.Start, leaf.Length);
            if (count > until || leaf.Kind is TextLeafKind.Number or TextLeafKind.Binary || name.ContainsAny(" \t\r\n"))
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
