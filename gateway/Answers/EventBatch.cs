using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Answers;

/// <summary>Arrays of messages on a server's stream, which one revision has (2025-03-26, Transports): each message is taken alone and passes as an event of its own.</summary>
internal static class EventBatch
{
    public static bool IsIn(Call call, SseEvent read) => call.Protocol == McpRevisions.WithBatches && McpReader.IsBatch(read.Data.Span);

    public static McpBatchRead Read(Call call, SseEvent read) => McpReader.ReadBatch(read.Data, call.Exchange.Gateway.Limits, call.Exchange.Gateway.Config.Limits.MaxBatch);

    /// <summary>One message of an array as the event that it would have come in. The place in the stream is told with the last: a client that resumes from before it misses none.</summary>
    public static SseEvent Alone(SseEvent whole, ReadOnlyMemory<byte> message, bool isLast)
    {
        var (id, retry) = isLast ? (whole.Id, whole.Retry) : (null, null);
        var raw = SseFrame.Write(message.Span, id, whole.Event, retry);
        return new() { Raw = raw, Shown = raw, Event = whole.Event, Id = id, Retry = retry, Data = message, HasData = true };
    }
}
