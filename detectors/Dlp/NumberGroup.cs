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

            if (c is not (' ' or '-' or '.' or '/' or '\u00A0') || at + 1 >= text.Length || !char.IsAsciiDigit(text[at + 1]) || groups == MostGroups || count == room.Length)
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
}
