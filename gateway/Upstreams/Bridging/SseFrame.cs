using System.Buffers;
using System.Globalization;
using System.Text;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>Messages as server-sent events (WHATWG HTML, server-sent events).</summary>
internal static class SseFrame
{
    /// <summary>A comment: data to nobody, a sign of life to every relay on the way.</summary>
    public static ReadOnlyMemory<byte> KeepAlive { get; } = ":\n\n"u8.ToArray();

    /// <summary>One event; the message's bytes are the data's bytes.</summary>
    /// <param name="message">One JSON text.</param>
    /// <param name="id">Id that a resuming client names; null for none.</param>
    public static ReadOnlyMemory<byte> Write(ReadOnlyMemory<byte> message, long? id)
    {
        var frame = new ArrayBufferWriter<byte>(message.Length + 64);
        frame.Write("event: message\n"u8);
        if (id is { } number)
        {
            frame.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {number}\n")));
        }

        // A carriage return or line feed can stand between JSON tokens, and would end the field: a new data line keeps it white space.
        var rest = message.Span;
        while (true)
        {
            var cut = rest.IndexOfAny((byte)'\r', (byte)'\n');
            frame.Write("data: "u8);
            frame.Write(cut < 0 ? rest : rest[..cut]);
            frame.Write("\n"u8);
            if (cut < 0)
            {
                break;
            }

            rest = rest[(cut + 1)..];
        }

        frame.Write("\n"u8);
        return frame.WrittenMemory;
    }
}
