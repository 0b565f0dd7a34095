using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Answers;

/// <summary>Records messages that are no call's request or final response, each before it passes.</summary>
internal sealed class MessageRelay(CallRecorder recorder, MessageScreen screen, GatewayTelemetry telemetry)
{
    private const string SplitLine = "A line beside its message holds what some clients take for the end of a line, and passed as a blank comment.";
    private const string SplitName = "The id or the type of an event of its stream holds what some clients take for the end of a line.";

    private const string OtherType = "The type of its event is not that of a message, so clients pass over its data. Later events of the stream that are like it are not recorded.";

    /// <summary>Records a message that is about to pass, or that does not.</summary>
    /// <param name="call">The call or stream in which it came.</param>
    /// <param name="owner">The call that it belongs to; null for a message that stands alone.</param>
    /// <param name="message">The message.</param>
    /// <param name="bytes">Its bytes, when it could not be read as a message.</param>
    /// <param name="direction">Which way it goes.</param>
    /// <param name="dropped">Why it is not passed on; null when it is.</param>
    /// <returns>Whether it may pass.</returns>
    public ValueTask<bool> RecordAsync(Call call, EventId? owner, McpMessage message, ReadOnlyMemory<byte> bytes, Direction direction, string? dropped) =>
        RecordAsync(call, owner, message, bytes, direction, dropped, outcome: null);

    /// <summary>Records an answer on a stream that belongs to no call, to a call that does not end with it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="method">What the call asked for; that of the stream where nobody knows.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="screened">What became of it.</param>
    /// <returns>Whether it may pass.</returns>
    public ValueTask<bool> RecordAnswerAsync(Call stream, string? method, McpMessage answer, in Screened screened)
    {
        CallOutcome? outcome = screened.Fault is null ? CallEnding.OutcomeOf(method, answer, screened) : null;
        return WriteAsync(stream, stream.Id, screened.Recorded, default, Direction.ToClient, screened.Fault ?? screened.Refusal, outcome, screened.Screening);
    }

    /// <summary>Records a message that somebody looked through.</summary>
    /// <param name="call">The call or stream in which it came.</param>
    /// <param name="owner">The call that it belongs to; null for a message that stands alone.</param>
    /// <param name="screened">The message.</param>
    /// <param name="direction">Which way it goes.</param>
    /// <param name="dropped">Why it is not passed on; null when it is.</param>
    /// <returns>Whether it may pass.</returns>
    public ValueTask<bool> RecordAsync(Call call, EventId? owner, in ScreenedMessage screened, Direction direction, string? dropped) =>
        WriteAsync(call, owner, screened.Recorded, default, direction, dropped, outcome: null, screened.Record);

    /// <summary>Records the message of an event that does not pass.</summary>
    /// <param name="call">The call or stream in which it came.</param>
    /// <param name="read">The event; one without a message leaves nothing to record.</param>
    /// <param name="dropped">Why it does not.</param>
    public async ValueTask DropAsync(Call call, SseEvent read, string dropped)
    {
        if (read.Data.Length > 0)
        {
            var parsed = McpReader.Read(read.Data, call.Exchange.Gateway.Limits);
            await RecordAsync(call, call.Id, parsed.Message, read.Data.ToArray(), Direction.ToClient, dropped);
        }
    }

    /// <summary>What passes of an event that brings no message. Data of another type goes no further: nobody looked through it. It is recorded once a stream, for a sign of life may be nothing else.</summary>
    /// <param name="call">The call or stream in which it came.</param>
    /// <param name="read">The event.</param>
    /// <param name="tally">What its stream brought, this event included.</param>
    public async ValueTask<ReadOnlyMemory<byte>> SilentAsync(Call call, SseEvent read, StreamTally tally)
    {
        if (read.Data.IsEmpty)
        {
            return read.Shown;
        }

        if (tally.Others == 1)
        {
            await DropAsync(call, read, OtherType);
        }

        return SseText.WithoutData(read);
    }

    /// <summary>Records an event of which not everything that stands beside its message may pass: some clients would read a message there.</summary>
    /// <param name="call">The call or stream in which it came.</param>
    /// <param name="read">The event.</param>
    /// <returns>Why the stream ends with it; null where it goes on.</returns>
    public ValueTask<string?> RecordBesideAsync(Call call, SseEvent read) => read.Shown.Equals(read.Raw) ? default : RecordSplitAsync(call, read);

    private async ValueTask<string?> RecordSplitAsync(Call call, SseEvent read) =>
        !await RecordAsync(call, call.Id, default, read.Raw, Direction.ToClient, read.IsSplit ? SplitName : SplitLine) ? "A message of its stream could not be recorded."
        : read.IsSplit ? SplitName : null;

    private ValueTask<bool> RecordAsync(Call call, EventId? owner, McpMessage message, ReadOnlyMemory<byte> bytes, Direction direction, string? dropped, CallOutcome? outcome) =>
        message.Kind == McpKind.Unreadable
            ? WriteAsync(call, owner, message, screen.Recordable(call.Exchange, bytes), direction, dropped, outcome, screening: null)
            : WriteAsync(call, owner, screen.Recordable(call.Exchange, message), default, direction, dropped, outcome, screening: null);

    private async ValueTask<bool> WriteAsync(
        Call call, EventId? owner, McpMessage message, ReadOnlyMemory<byte> bytes, Direction direction, string? dropped, CallOutcome? outcome, ScreeningRecord? screening)
    {
        var content = message.Kind == McpKind.Unreadable ? await recorder.OfBytesAsync(bytes) : await recorder.OfJsonAsync(message.Raw);
        telemetry.Relayed(call, direction, dropped);
        return content is not null && await recorder.RecordAsync(
            new MessageRelayed
            {
                Call = owner,
                Who = call.Who,
                What = call.TargetOf(message),
                Direction = direction,
                Message = content,
                Where = call.Where with { Monotonic = recorder.Monotonic },
                Dropped = dropped,
                Outcome = outcome,
                Screening = screening,
            },
            call.Subject,
            call.PartitionKey,
            direction == Direction.ToServer ? RecordPhase.Request : RecordPhase.Answer,
            call.Exchange.Gateway.Config.Record);
    }
}
