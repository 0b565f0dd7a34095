using System.Buffers;

namespace McpLedger.Contracts.Mcp;

/// <summary>What a line of a stream is, and what some readers take for its end.</summary>
internal static class SseLine
{
    // Every control character but the tab, and the bytes that U+0080 to U+009F, U+2028 and U+2029 begin with.
    private static readonly SearchValues<byte> Suspects =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(c => c != '\t').Select(c => (byte)c), 0x7F, 0xC2, 0xE2]);

    /// <summary>Whether it holds a control character or a separator of lines: what the standard reads as one line, others would read as several.</summary>
    public static bool IsSplit(ReadOnlySpan<byte> line)
    {
        for (var at = line.IndexOfAny(Suspects); at >= 0;)
        {
            var rest = line[at..];
            if (rest[0] is not (0xC2 or 0xE2) || rest is [0xC2, >= 0x80 and <= 0x9F, ..] or [0xE2, 0x80, 0xA8 or 0xA9, ..])
            {
                return true;
            }

            var next = rest[1..].IndexOfAny(Suspects);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }
}

/// <summary>What a line says.</summary>
internal enum SseField
{
    /// <summary>Nothing that a reader keeps: a comment, a name that the standard does not know, a time that is none.</summary>
    Nothing = 0,

    /// <summary>An id or an event's type.</summary>
    Name = 1,

    /// <summary>Data, or a number.</summary>
    Value = 2,
}
