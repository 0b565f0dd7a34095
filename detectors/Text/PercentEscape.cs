using System.Buffers;
using System.Text;

namespace McpLedger.Detectors.Text;

/// <summary>Percent escapes of URLs (RFC 3986 §2.1): one character's worth of UTF-8.</summary>
internal static class PercentEscape
{
    /// <summary>Reads the escapes that <paramref name="text"/>, a percent sign, begins with.</summary>
    /// <param name="text">From the percent sign on.</param>
    /// <param name="code">The code point they stand for.</param>
    /// <returns>Their length; 0 when they are no UTF-8.</returns>
    public static int Read(ReadOnlySpan<char> text, out int code)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = 0;
        while (count < 4 && text.Length >= (count + 1) * 3 && text[count * 3] == '%' && JsonString.Hex(text[((count * 3) + 1)..], 2) is >= 0 and var value)
        {
            bytes[count++] = (byte)value;
            if (count == 1 && value < 0x80)
            {
                break;
            }
        }

        code = 0;
        if (count == 0 || Rune.DecodeFromUtf8(bytes[..count], out var rune, out var used) != OperationStatus.Done)
        {
            return 0;
        }

        code = rune.Value;
        return used * 3;
    }
}
