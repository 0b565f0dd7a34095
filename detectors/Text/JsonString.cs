using System.Buffers;
using System.Text;

namespace McpLedger.Detectors.Text;

/// <summary>The inside of JSON strings, undone into characters that know their bytes.</summary>
internal static class JsonString
{
    private static readonly SearchValues<byte> Stops = SearchValues.Create([.. Enumerable.Range(0x80, 0x80).Append('\\').Select(value => (byte)value)]);

    /// <summary>Adds what <paramref name="raw"/> stands for. Half a surrogate pair and bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="raw">Between the quotation marks.</param>
    /// <param name="origin">Where it begins in the message.</param>
    /// <param name="escapes">False for text that is no JSON: a backslash is itself.</param>
    /// <param name="text">Takes the characters.</param>
    public static void Append(ReadOnlySpan<byte> raw, int origin, bool escapes, MappedText text)
    {
        var at = 0;
        while (at < raw.Length && !text.IsCut)
        {
            var stop = raw[at..].IndexOfAny(Stops);
            var plain = stop < 0 ? raw.Length - at : stop;
            if (plain > 0)
            {
                text.AddAscii(raw.Slice(at, plain), origin + at);
                at += plain;
                continue;
            }

            if (raw[at] != '\\')
            {
                Rune.DecodeFromUtf8(raw[at..], out var rune, out var width);
                Add(rune, origin + at, text);
                at += Math.Max(width, 1);
            }
            else if (escapes && at + 1 < raw.Length)
            {
                at += Escape(raw[at..], origin + at, text);
            }
            else
            {
                text.Add('\\', origin + at++);
            }
        }
    }

    /// <summary>The number that the first <paramref name="count"/> hexadecimal digits write; -1 when they are none.</summary>
    public static int Hex(ReadOnlySpan<char> digits, int count)
    {
        var value = digits.Length < count ? -1 : 0;
        for (var i = 0; i < count && value >= 0; i++)
        {
            value = Nibble(digits[i]) is >= 0 and var nibble ? (value << 4) | nibble : -1;
        }

        return value;
    }

    /// <inheritdoc cref="Hex(ReadOnlySpan{char}, int)"/>
    public static int Hex(ReadOnlySpan<byte> digits, int count)
    {
        var value = digits.Length < count ? -1 : 0;
        for (var i = 0; i < count && value >= 0; i++)
        {
            value = Nibble((char)digits[i]) is >= 0 and var nibble ? (value << 4) | nibble : -1;
        }

        return value;
    }

    private static int Nibble(char digit) => digit is >= '0' and <= '9' ? digit - '0' : (digit | 0x20) is >= 'a' and <= 'f' and var lower ? lower - 'a' + 10 : -1;

    public static void Add(Rune rune, int origin, MappedText text)
    {
        if (rune.IsBmp)
        {
            text.Add((char)rune.Value, origin);
            return;
        }

        Span<char> pair = stackalloc char[2];
        rune.EncodeToUtf16(pair);
        text.Add(pair[0], origin);
        text.Add(pair[1], origin);
    }

    private static int Escape(ReadOnlySpan<byte> raw, int origin, MappedText text)
    {
        // No escape of JSON's: in a text that only looks like it the backslash is itself, and ends the word before it.
        var unit = raw[1] == 'u' ? Hex(raw[2..], 4) : 0;
        if (unit < 0 || !"\"\\/bfnrtu"u8.Contains(raw[1]))
        {
            text.Add('\\', origin);
            return 1;
        }

        if (raw[1] != 'u')
        {
            text.Add(raw[1] switch { (byte)'b' => '\b', (byte)'f' => '\f', (byte)'n' => '\n', (byte)'r' => '\r', (byte)'t' => '\t', _ => (char)raw[1] }, origin);
            return 2;
        }

        if (char.IsHighSurrogate((char)unit) && raw[6..].StartsWith("\\u"u8) && Hex(raw[8..], 4) is >= 0xDC00 and <= 0xDFFF and var low)
        {
            Add(new((char)unit, (char)low), origin, text);
            return 12;
        }

        text.Add(char.IsSurrogate((char)unit) ? '\uFFFD' : (char)unit, origin);
        return 6;
    }
}
