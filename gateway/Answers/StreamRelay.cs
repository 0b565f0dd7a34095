using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Answers;

/// <summary>
/// Relays the stream that answers a request, event by event as it comes (I5): each message is recorded before it passes (I1), the final response
/// with the digest of the whole stream. Comments, priming events, ids and retry times pass as they are, so that streams can be resumed.
/// </summary>
internal sealed class StreamRelay(
    CallRecorder recorder, MessageRelay messages, OneWayRelay oneWay, AnswerScreen screen, MessageScreen screening, SuspendedEndings suspended, SpokenVersions versions, Tenures tenures, TimeProvider time)
{
    private const int MaxStreamInEvents = 16;
    private const string Late = "It came after the call's answer.";
    private static readonly TimeSpan HeadDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(2);

    public async ValueTask RelayCallAsync(CallEnding ending, Stream upstream, SessionRef? opened, ClientAnswer answer, CancellationToken cancellationToken)
    {
        var call = ending.Call;
        var limits = call.Exchange.Gateway.Config.Limits;
        var isSubscription = call.Message.Method == "subscriptions/listen";

        // A call's answer is waited for while the gateway stops; a subscription has none, and would hold it up.
        await using var tenure = isSubscription ? tenures.Begin(call.Exchange, cancellationToken) : null;
        var givenUp = tenure?.Over ?? cancellationToken;
        using var events = new EventSource(upstream, limits.MaxResponseBytes, isSubscription ? TimeSpan.Zero : call.Exchange.Server!.IdleTimeout, time);
        using var tally = new StreamTally();
        var said = call.Exchange.Gateway.Screening is null ? null : new StreamMemory();

        // Clients count the wait for the head of an answer against short timeouts, so it must not wait for a slow first message.
        if (!await events.WaitAsync(HeadDelay, givenUp))
        {
            await answer.StartStreamAsync();
        }

        var isResumable = false;
        while (await events.NextAsync(givenUp) is { } read)
        {
            tally.Take(read);
            if (read.Id is { } place)
            {
                isResumable = true;
                ending.Live?.Show(place);
            }

            if (tenure is { IsWithdrawn: true })
            {
                // What was read with it follows, and the end after that.
                await messages.DropAsync(call, read, CallEnding.KeyWithdrawn);
                tenure.End();
                continue;
            }

            if (!isSubscription && tally.Bytes > (long)limits.MaxResponseBytes * MaxStreamInEvents)
            {
                await ending.FailAsync(StatusCodes.Status200OK, "Its stream has no end.", StatusCodes.Status502BadGateway, answer, tally.Summary, null);
                return;
            }

            if (await messages.RecordBesideAsync(call, read) is { } fault)
            {
                await ending.FailAsync(StatusCodes.Status200OK, fault, read.IsSplit ? StatusCodes.Status502BadGateway : StatusCodes.Status503ServiceUnavailable, answer, tally.Summary, null);
                return;
            }

            if (!read.IsMessage)
            {
                await answer.EventAsync(await messages.SilentAsync(call, read, tally));
                continue;
            }

            if (!await TakeAsync(ending, read, opened, tally, said, answer))
            {
                await answer.EndAsync();
                await DrainAsync(ending, events);
                return;
            }
        }

        if (tenure is not null && events.End == StreamEnd.GivenUp && !cancellationToken.IsCancellationRequested)
        {
            await ending.StopAsync(answer, tally.Summary, tenure);
            return;
        }

        await EndWithoutAnswerAsync(ending, events, tally, isResumable, said, answer);
    }

    // False when the call has ended with this event.
    private async ValueTask<bool> TakeAsync(CallEnding ending, SseEvent read, SessionRef? opened, StreamTally tally, StreamMemory? said, ClientAnswer answer)
    {
        var call = ending.Call;
        if (!EventBatch.IsIn(call, read))
        {
            return await TakeAsync(ending, read, McpReader.Read(read.Data, call.Exchange.Gateway.Limits), opened, tally, said, answer);
        }

        var batch = EventBatch.Read(call, read);
        if (batch.Fault is { } fault)
        {
            await FailUnreadableAsync(ending, read, fault, tally, answer);
            return false;
        }

        tally.TakeArray(batch.Messages.Count);

        // An array has no order (JSON-RPC 2.0, Batch), and nothing passes after the call's answer: that goes last.
        McpRead[] each = [.. batch.Messages.OrderBy(one => IsFinal(call, one.Message))];
        for (var i = 0; i < each.Length; i++)
        {
            if (!await TakeAsync(ending, EventBatch.Alone(read, each[i].Raw, isLast: i == each.Length - 1), each[i], opened, tally, said, answer))
            {
                await RecordLateAsync(call, each.AsMemory(i + 1));
                return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> TakeAsync(CallEnding ending, SseEvent read, McpRead parsed, SessionRef? opened, StreamTally tally, StreamMemory? said, ClientAnswer answer)
    {
        var call = ending.Call;
        if (!parsed.IsRead)
        {
            await FailUnreadableAsync(ending, read, parsed.Fault!, tally, answer);
            return false;
        }

        var message = parsed.Message;
        if (message.Kind == McpKind.Response)
        {
            if (IsFinal(call, message))
            {
                await ReleaseFinalAsync(ending, read, message, opened, tally, said, answer);
                return false;
            }

            await messages.RecordAsync(call, call.Id, message, default, Direction.ToClient, "It answers another request than the stream is for.");
            return true;
        }

        if (message.Kind == McpKind.Request && call.Era == McpEra.Modern)
        {
            const string Violation = "It sent a request of its own, which this revision does not have.";
            await messages.RecordAsync(call, call.Id, message, default, Direction.ToClient, Violation);
            await ending.FailAsync(StatusCodes.Status200OK, Violation, StatusCodes.Status502BadGateway, answer, tally.Summary, null);
            return false;
        }

        if (await oneWay.PassAsync(call, read, message, said, answer))
        {
            return true;
        }

        await ending.FailAsync(StatusCodes.Status200OK, "A message of its stream could not be recorded.", StatusCodes.Status503ServiceUnavailable, answer, tally.Summary, null);
        return false;
    }

    private static bool IsFinal(Call call, in McpMessage message) => message.Kind == McpKind.Response && MessageKey.AreSame(message.Id, call.Message.Id);

    private async ValueTask FailUnreadableAsync(CallEnding ending, SseEvent read, McpFault fault, StreamTally tally, ClientAnswer answer)
    {
        var garbage = await recorder.OfBytesAsync(screening.Recordable(ending.Call.Exchange, read.Data));
        await ending.FailAsync(StatusCodes.Status200OK, $"A message of its stream could not be read: {fault.Unquoted}", StatusCodes.Status502BadGateway, answer, tally.Summary, garbage);
    }

    private async ValueTask ReleaseFinalAsync(CallEnding ending, SseEvent read, McpMessage message, SessionRef? opened, StreamTally tally, StreamMemory? said, ClientAnswer answer)
    {
        versions.Learn(ending.Call, message);
        var screened = await screen.ScreenAsync(ending.Call, message, said is { HasSaid: true } ? said : null);
        var response = await recorder.OfJsonAsync(screened.Recorded.Raw);
        if (screened.Fault is { } fault)
        {
            await ending.FailAsync(StatusCodes.Status200OK, fault, StatusCodes.Status502BadGateway, answer, tally.Summary, response);
            return;
        }

        if (!await ending.TryEndAsync(message, screened, response, new(ending.OutcomeOf(message, screened), StatusCodes.Status200OK, screened.Refusal) { Stream = tally.Summary, Opened = opened }))
        {
            await Refuser.UnrecordableAsync(ending.Call, answer);
        }
        else
        {
            await answer.EventAsync(SseText.Of(read, screened.IsChanged, screened.Bytes));
        }
    }

    private async ValueTask EndWithoutAnswerAsync(CallEnding ending, EventSource events, StreamTally tally, bool isResumable, StreamMemory? said, ClientAnswer answer)
    {
        var isOpen = ending.Call.Era == McpEra.Legacy && isResumable && ending.Live is not { IsCancelled: true };
        if (isOpen && (events.End == StreamEnd.Closed || ending.Live is { GivenUp.IsCancellationRequested: true }))
        {
            // Who closed the connection, the server or the client that resumes the stream by GET (2025-11-25, Transports), the call has not ended,
            // and its answer will be recorded where it comes. Kept first: the client may be faster than we.
            await suspended.KeepAsync(ending.Call.Exchange, ending.Suspend(said?.Tail));
            await answer.StartStreamAsync();
        }
        else if (events.End == StreamEnd.GivenUp || (ending.Call.Exchange.IsClientGone && ending.Call.Era == McpEra.Modern))
        {
            await ending.AbandonAsync(StatusCodes.Status200OK, tally.Summary);
        }
        else
        {
            await ending.FailAsync(
                StatusCodes.Status200OK, events.Fault ?? "Its stream ended without an answer.", CallEnding.StatusFor(events.End == StreamEnd.Silent), answer, tally.Summary, null);
        }
    }

    // What an upstream sends after the answer is not passed on, but it is not lost either. Read to the end, the connection can be used again.
    private async ValueTask DrainAsync(CallEnding ending, EventSource events)
    {
        using var deadline = new CancellationTokenSource(LongestDrain, time);
        for (var i = 0; i < MaxStreamInEvents && await events.NextAsync(deadline.Token) is { } read; i++)
        {
            await messages.DropAsync(ending.Call, read, Late);
        }
    }

    private async ValueTask RecordLateAsync(Call call, ReadOnlyMemory<McpRead> rest)
    {
        for (var i = 0; i < rest.Length; i++)
        {
            var one = rest.Span[i];
            await messages.RecordAsync(call, call.Id, one.Message, one.Raw, Direction.ToClient, Late);
        }
    }
}
