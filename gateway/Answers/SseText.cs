using System.Buffers;
using System.Globalization;
using System.Text;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Answers;

/// <summary>Writes events of our own: where a message was changed, and where there was no stream.</summary>
internal static class SseText
{
    private static readonly byte[] BlankComment = ":\n\n"u8.ToArray();

    /// <summary>An event that carries <paramref name="data"/>; one <c>data:</c> line a line.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlySpan<byte> data, string? id, string? eventType, long? retry)
    {
        var text = new ArrayBufferWriter<byte>(data.Length + 64);
        Field(text, "id: ", id);
        Field(text, "event: ", eventType ?? "message");
        Field(text, "retry: ", retry?.ToString(CultureInfo.InvariantCulture));
        while (true)
        {
            var end = data.IndexOfAny((byte)'\r', (byte)'\n');
            text.Write("data: "u8);
            text.Write(end < 0 ? data : data[..end]);
            text.Write("\n"u8);
            if (end < 0)
            {
                break;
            }

            data = data[(end + (data[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }

        text.Write("\n"u8);
        return text.WrittenMemory;
    }

    /// <summary>An event as it may be shown; where its message was changed, with that and its other fields as they were.</summary>
    public static ReadOnlyMemory<byte> Of(SseEvent read, bool isChanged, ReadOnlyMemory<byte> message) =>
        isChanged ? Of(message.Span, read.Id, read.Event, read.Retry) : read.Shown;

    /// <summary>An event without its data: the place in the stream that it tells, or a sign of life.</summary>
    public static ReadOnlyMemory<byte> WithoutData(SseEvent read) => read is { Id: null, Retry: null } ? BlankComment : Of([], read.Id, read.Event, read.Retry);

    private static void Field(ArrayBufferWriter<byte> text, string name, string? value)
    {
        if (value is not null)
        {
            text.Write(Encoding.UTF8.GetBytes(name));
            text.Write(Encoding.UTF8.GetBytes(value));
            text.Write("\n"u8);
        }
    }
}
