using System.Buffers;
using System.Globalization;
using System.Text;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>Writes server-sent events (WHATWG HTML, server-sent events).</summary>
internal static class SseFrame
{
    /// <summary>A comment: data to nobody, a sign of life to every relay on the way.</summary>
    public static ReadOnlyMemory<byte> KeepAlive { get; } = ":\n\n"u8.ToArray();

    /// <summary>One event.</summary>
    /// <param name="data">What it brings. An end of a line would end the field: a new data line keeps it, and between the tokens of a JSON text it stays white space.</param>
    /// <param name="id">Id that a resuming client names; null for none.</param>
    /// <param name="type">Its type; null for a message.</param>
    /// <param name="retry">When to come back, in milliseconds; null for nothing said.</param>
    public static ReadOnlyMemory<byte> Write(ReadOnlySpan<byte> data, string? id, string? type, long? retry)
    {
        var frame = new ArrayBufferWriter<byte>(data.Length + 64);
        Field(frame, "id: ", id);
        Field(frame, "event: ", type ?? "message");
        Field(frame, "retry: ", retry?.ToString(CultureInfo.InvariantCulture));
        while (true)
        {
            var end = data.IndexOfAny((byte)'\r', (byte)'\n');
            frame.Write("data: "u8);
            frame.Write(end < 0 ? data : data[..end]);
            frame.Write("\n"u8);
            if (end < 0)
            {
                break;
            }

            data = data[(end + (data[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }

        frame.Write("\n"u8);
        return frame.WrittenMemory;
    }

    private static void Field(ArrayBufferWriter<byte> frame, string name, string? value)
    {
        if (value is not null)
        {
            frame.Write(Encoding.UTF8.GetBytes(name));
            frame.Write(Encoding.UTF8.GetBytes(value));
            frame.Write("\n"u8);
        }
    }
}
