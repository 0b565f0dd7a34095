namespace McpLedger.Detectors.Dlp;

/// <summary>A number as people write it: digits, perhaps in groups with one kind of separator.</summary>
internal ref struct NumberGroup
{
    public const int MostDigits = 24;
    private const int MostGroups = 8;

    /// <summary>First character, a leading plus sign left out.</summary>
    public int Start;

    /// <summary>First character after it.</summary>
    public int End;

    /// <summary>The digits as values.</summary>
    public ReadOnlySpan<byte> Digits;

    /// <summary>Lengths of the groups, one decimal digit each, the first group highest; 0 for a single group.</summary>
    public int Groups;

    /// <summary>What stands between groups; several kinds are <c>*</c>, none is <c>\0</c>.</summary>
    public char Separator;

    /// <summary>Reads the number that begins with the digit at <paramref name="start"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">A digit that no digit stands before.</param>
    /// <param name="room">Takes the digits; <see cref="MostDigits"/> long.</param>
    public static NumberGroup Read(ReadOnlySpan<char> text, int start, Span<byte> room)
    {
        var number = new NumberGroup { Start = start };
        var (count, inGroup, groups, lengths) = (0, 0, 1, 0);
        var at = start;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsAsciiDigit(c))
            {
                if (count == room.Length)
                {
                    // Too long for any number that is looked for; what follows belongs to it.
                    while (at < text.Length && char.IsAsciiDigit(text[at]))
                    {
                        at++;
                    }

                    count = 0;
                    break;
                }

                room[count++] = (byte)(c - '0');
                inGroup++;
                at++;
                continue;
            }

            c = IsBlank(c) ? ' ' : c;
            if (c is not (' ' or '-' or '.' or '/') || at + 1 >= text.Length || !char.IsAsciiDigit(text[at + 1]) || groups == MostGroups || count == room.Length)
            {
                break;
            }

            lengths = (lengths * 10) + Math.Min(inGroup, 9);
            number.Separator = number.Separator is '\0' || number.Separator == c ? c : '*';
            groups++;
            inGroup = 0;
            at++;
        }

        number.Groups = groups == 1 ? 0 : (lengths * 10) + Math.Min(inGroup, 9);
        number.End = at;
        number.Digits = room[..count];
        return number;
    }

    /// <summary>Reads the first <paramref name="groups"/> groups of the number that begins with the digit at <paramref name="start"/>; false where there are not so many with one kind of separator.</summary>
    public static bool TryReadPart(ReadOnlySpan<char> text, int start, int groups, Span<byte> room, out NumberGroup part)
    {
        part = new NumberGroup { Start = start };
        var (count, lengths, at) = (0, 0, start);
        for (var group = 0; group < groups; group++)
        {
            if (group > 0)
            {
                var c = at < text.Length ? Separates(text, at) : '\0';
                if (c == '\0' || (part.Separator != '\0' && part.Separator != c))
                {
                    return false;
                }

                part.Separator = c;
                at++;
            }

            var from = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                if (count == room.Length)
                {
                    return false;
                }

                room[count++] = (byte)(text[at++] - '0');
            }

            lengths = (lengths * 10) + Math.Min(at - from, 9);
        }

        part.Groups = groups == 1 ? 0 : lengths;
        part.End = at;
        part.Digits = room[..count];
        return true;
    }

    /// <summary>The separator at <paramref name="at"/> where it stands between two digits, every blank as one; 0 otherwise.</summary>
    public static char Separates(ReadOnlySpan<char> text, int at)
    {
        var c = at > 0 && at + 1 < text.Length && char.IsAsciiDigit(text[at - 1]) && char.IsAsciiDigit(text[at + 1]) ? text[at] : '\0';
        return IsBlank(c) ? ' ' : c is '-' or '.' or '/' ? c : '\0';
    }

    private static bool IsBlank(char c) => c is ' ' or '\u00A0' or '\u202F';
}
