using System.Buffers;
using System.Text;

namespace McpLedger.Contracts.Mcp;

/// <summary>The inside of JSON strings: what an escaped spelling stands for.</summary>
internal static class JsonText
{
    /// <summary>Undoes the escapes of a string that the scanner accepted.</summary>
    /// <param name="raw">Between the quotation marks.</param>
    /// <param name="text">At least as long as <paramref name="raw"/>.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns>False when it holds half a surrogate pair and so stands for no text.</returns>
    public static bool TryUnescape(ReadOnlySpan<byte> raw, Span<byte> text, out int written)
    {
        written = 0;
        while (raw.IndexOf((byte)'\\') is var slash and >= 0)
        {
            raw[..slash].CopyTo(text[written..]);
            written += slash;
            if (raw[slash + 1] != 'u')
            {
                text[written++] = OneLetter(raw[slash + 1]);
                raw = raw[(slash + 2)..];
                continue;
            }

            int rune = Hex(raw.Slice(slash + 2, 4));
            raw = raw[(slash + 6)..];
            if (char.IsHighSurrogate((char)rune) && raw.StartsWith("\\u"u8) && char.IsLowSurrogate((char)Hex(raw.Slice(2, 4))))
            {
                rune = char.ConvertToUtf32((char)rune, (char)Hex(raw.Slice(2, 4)));
                raw = raw[6..];
            }

            if (!Rune.TryCreate(rune, out var whole))
            {
                return false;
            }

            written += whole.EncodeToUtf8(text[written..]);
        }

        raw.CopyTo(text[written..]);
        written += raw.Length;
        return true;
    }

    /// <summary>The text of a string that the scanner accepted.</summary>
    /// <returns>Null when it holds half a surrogate pair.</returns>
    public static string? Read(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(raw);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var text = TryUnescape(raw, buffer, out var written) ? Encoding.UTF8.GetString(buffer, 0, written) : null;
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    /// <summary>True when the inside of a string that the scanner accepted stands for a text: it holds no half of a surrogate pair.</summary>
    public static bool IsText(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\'))
        {
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var whole = TryUnescape(raw, buffer, out _);
        ArrayPool<byte>.Shared.Return(buffer);
        return whole;
    }

    /// <summary>True when folding would change <paramref name="name"/>.</summary>
    public static bool NeedsFolding(ReadOnlySpan<byte> name) => name.ContainsAnyInRange((byte)'A', (byte)'Z') || name.ContainsAnyInRange((byte)0x80, (byte)0xFF);

    /// <summary>
    /// Writes <paramref name="name"/> as a reader that ignores case sees it: ASCII in lower case, and the two letters outside ASCII that Unicode folds into it
    /// (U+017F to s, U+212A to k; Go's encoding/json does).
    /// </summary>
    /// <returns>Bytes written.</returns>
    public static int Fold(ReadOnlySpan<byte> name, Span<byte> folded)
    {
        var written = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i..].StartsWith("\u017F"u8))
            {
                folded[written++] = (byte)'s';
                i++;
            }
            else if (name[i..].StartsWith("\u212A"u8))
            {
                folded[written++] = (byte)'k';
                i += 2;
            }
            else
            {
                folded[written++] = name[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(name[i] | 0x20) : name[i];
            }
        }

        return written;
    }

    private static byte OneLetter(byte letter) => letter switch
    {
        (byte)'b' => 8,
        (byte)'f' => 12,
        (byte)'n' => 10,
        (byte)'r' => 13,
        (byte)'t' => 9,
        _ => letter,
    };

    private static ushort Hex(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return (ushort)value;
    }
}
