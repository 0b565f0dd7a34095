using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Answers;

/// <summary>Writes a server's events anew where they do not pass as they came.</summary>
internal static class SseText
{
    /// <summary>An event as it may be shown; where its message was changed, with that and its other fields as they were.</summary>
    public static ReadOnlyMemory<byte> Of(SseEvent read, bool isChanged, ReadOnlyMemory<byte> message) =>
        isChanged ? SseFrame.Write(message.Span, read.Id, read.Event, read.Retry) : read.Shown;

    /// <summary>An event without its data: the place in the stream that it tells, or a sign of life.</summary>
    public static ReadOnlyMemory<byte> WithoutData(SseEvent read) => read is { Id: null, Retry: null } ? SseFrame.KeepAlive : SseFrame.Write([], read.Id, read.Event, read.Retry);
}
