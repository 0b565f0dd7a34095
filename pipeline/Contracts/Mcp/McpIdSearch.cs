using System.Buffers;

namespace McpLedger.Contracts.Mcp;

/// <summary>Finds the id of a message that is refused before its end was read: too deep, too many values. Counts brackets and needs no stack.</summary>
internal static class McpIdSearch
{
    private static readonly SearchValues<byte> ScalarEnds = SearchValues.Create(",} \t\r\n"u8);

    /// <summary>The value of the first member <c>"id"</c> of the outermost object; not checked. Absent when there is none.</summary>
    public static Slice Find(ReadOnlySpan<byte> json)
    {
        var depth = 0;
        for (var at = 0; at < json.Length; at++)
        {
            switch (json[at])
            {
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
                case (byte)'"':
                    var start = at;
                    at = EndOfString(json, start);
                    if (depth == 1 && json[start..Math.Min(at + 1, json.Length)].SequenceEqual("\"id\""u8) && ValueAfter(json, at + 1) is { IsAbsent: false } value)
                    {
                        return value;
                    }

                    break;
                default:
                    break;
            }
        }

        return default;
    }

    private static Slice ValueAfter(ReadOnlySpan<byte> json, int at)
    {
        var rest = json[Math.Min(at, json.Length)..].TrimStart(" \t\r\n"u8);
        if (!rest.StartsWith(":"u8))
        {
            return default;
        }

        rest = rest[1..].TrimStart(" \t\r\n"u8);
        var start = json.Length - rest.Length;
        var end = rest.StartsWith("\""u8) ? EndOfString(json, start) + 1 : start + Math.Max(rest.IndexOfAny(ScalarEnds), 0);
        return end <= json.Length ? new(start, end - start) : default;
    }

    /// <summary>Where the closing quotation mark stands; the length of the text when there is none.</summary>
    private static int EndOfString(ReadOnlySpan<byte> json, int start)
    {
        var at = start + 1;
        while (at < json.Length && json[at] != '"')
        {
            at += json[at] == '\\' ? 2 : 1;
        }

        return Math.Min(at, json.Length);
    }
}
