using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Answers;

/// <summary>Relays the answers to GET and DELETE. A GET stream may be silent for days; what it carries is recorded message by message.</summary>
internal sealed class StandaloneRelay(
    CallRecorder recorder,
    MessageRelay messages,
    OneWayRelay oneWay,
    AnswerScreen screen,
    MessageScreen screening,
    LiveCalls live,
    SuspendedCalls suspended,
    SuspendedEndings endings,
    TimeProvider time)
{
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Relays the answer and ends the call.</summary>
    /// <param name="ending">The call.</param>
    /// <param name="upstream">The answer.</param>
    /// <param name="answer">Where it goes.</param>
    /// <param name="tenure">How long it is waited for; null for a DELETE, whose answer always is.</param>
    public async ValueTask RelayAsync(CallEnding ending, UpstreamAnswer upstream, ClientAnswer answer, Tenure? tenure)
    {
        answer.SetHeader(HeaderNames.RetryAfter, upstream.RetryAfter);
        if (ending.Call.What.Method == "DELETE" && (upstream.IsSessionGone || upstream.Status is (>= 200 and < 300) or StatusCodes.Status404NotFound))
        {
            await endings.EndSessionAsync(ending.Call);
        }

        if (upstream.IsSessionGone)
        {
            await EndAsync(ending, 0, StatusCodes.Status404NotFound, CallOutcome.UpstreamFailed, upstream.Fault, default, null, answer);
        }
        else if (upstream.Fault is not null && tenure is { Over.IsCancellationRequested: true })
        {
            await GiveUpAsync(ending, 0, answer, tenure);
        }
        else if (upstream.Fault is { } fault)
        {
            await ending.FailAsync(0, fault, upstream.FaultStatus, answer, null, null);
        }
        else if (upstream is { Status: StatusCodes.Status200OK, IsStream: true, Body: { } events } && tenure is not null)
        {
            await RelayStreamAsync(ending, events, answer, tenure);
        }
        else
        {
            await RelayBodyAsync(ending, upstream, answer, tenure);
        }
    }

    private async ValueTask RelayStreamAsync(CallEnding ending, Stream upstream, ClientAnswer answer, Tenure tenure)
    {
        var exchange = ending.Call.Exchange;
        using var events = new EventSource(upstream, exchange.Gateway.Config.Limits.MaxResponseBytes, idle: TimeSpan.Zero, time);
        using var tally = new StreamTally();
        var said = exchange.Gateway.Screening is null ? null : new StreamMemory();
        await answer.StartStreamAsync();
        string? fault = null;
        while (fault is null && await events.NextAsync(tenure.Over) is { } read)
        {
            tally.Take(read);
            if (tenure.IsWithdrawn)
            {
                // What was read with it follows, and the end after that.
                await messages.DropAsync(ending.Call, read, CallEnding.KeyWithdrawn);
                tenure.End();
                continue;
            }

            fault = await messages.RecordBesideAsync(ending.Call, read);
            if (fault is null && !read.IsMessage)
            {
                await answer.EventAsync(await messages.SilentAsync(ending.Call, read, tally));
            }
            else if (fault is null && !await PassAsync(ending, read, tally, said, answer))
            {
                fault = "A message could not be recorded, so the stream was ended.";
            }
        }

        var reason = fault is not null ? fault
            : exchange.IsClientStalled ? CallEnding.NotRead
            : events.End is not (null or StreamEnd.GivenUp) ? events.Fault
            : exchange.IsClientGone ? (PeerHop.IsHop(exchange.Http.Request) ? "The stream was closed by the client, or by the replica that carried it." : "The client closed the stream.")
            : tenure.IsWithdrawn ? CallEnding.KeyWithdrawn : CallEnding.GatewayStopped;
        var outcome = fault is not null || events.End is StreamEnd.Broken ? CallOutcome.UpstreamFailed : CallOutcome.Ok;
        await ending.TryEndAsync(new(outcome, StatusCodes.Status200OK, reason) { Stream = tally.Summary });
    }

    private async ValueTask<bool> PassAsync(CallEnding ending, SseEvent read, StreamTally tally, StreamMemory? said, ClientAnswer answer)
    {
        var call = ending.Call;
        if (!EventBatch.IsIn(call, read))
        {
            return await PassAsync(call, read, McpReader.Read(read.Data, call.Exchange.Gateway.Limits), said, answer);
        }

        var batch = EventBatch.Read(call, read);
        if (batch.Fault is { } fault)
        {
            return await DropUnreadableAsync(call, read, fault);
        }

        tally.TakeArray(batch.Messages.Count);
        for (var i = 0; i < batch.Messages.Count; i++)
        {
            if (!await PassAsync(call, EventBatch.Alone(read, batch.Messages[i].Raw, isLast: i == batch.Messages.Count - 1), batch.Messages[i], said, answer))
            {
                return false;
            }
        }

        return true;
    }

    // A resumed stream carries the answers of calls, lists of tools among them. What cannot be read is not passed on, and the stream goes on.
    private async ValueTask<bool> PassAsync(Call call, SseEvent read, McpRead parsed, StreamMemory? said, ClientAnswer answer)
    {
        if (!parsed.IsRead)
        {
            return await DropUnreadableAsync(call, read, parsed.Fault!);
        }

        var message = parsed.Message;
        if (message.Kind == McpKind.Response && suspended.Take(call.Where.Session, message.Id) is { } waiting)
        {
            return await EndResumedAsync(call, waiting, read, message, said, answer);
        }

        if (message.Kind != McpKind.Response)
        {
            return await oneWay.PassAsync(call, read, message, said, answer);
        }

        // A server answers on the stream that the request opened, or on one that resumes it (2025-11-25, Transports): anywhere else is a way around the rules of the tool that was called.
        var known = live.Find(call.Where.Session, message.Id);
        if (known is not null && call.Exchange.LastEvent is null)
        {
            return await messages.RecordAsync(call, call.Id, message, default, Direction.ToClient, "It answers a call that waits for its answer on a stream of its own.");
        }

        var judged = known?.Call.In(call.Exchange) ?? call;
        var screened = await screen.ScreenAsync(judged, message, said is { HasSaid: true } ? said : null);
        if (!screened.IsRecorded || !await messages.RecordAnswerAsync(call, judged.What.Method, message, screened))
        {
            return false;
        }

        if (screened.Fault is null)
        {
            await answer.EventAsync(SseText.Of(read, screened.IsChanged, screened.Bytes));
        }

        return true;
    }

    private ValueTask<bool> DropUnreadableAsync(Call call, SseEvent read, McpFault fault) =>
        messages.RecordAsync(call, call.Id, default, read.Data, Direction.ToClient, $"It could not be read: {fault.Unquoted}");

    // The answer of a call whose own stream was closed to be resumed: it ends here, its event before its release like everywhere (I1).
    private async ValueTask<bool> EndResumedAsync(Call stream, SuspendedCall waiting, SseEvent read, McpMessage message, StreamMemory? said, ClientAnswer answer)
    {
        var ending = endings.Of(stream.Exchange, waiting);
        var screened = await screen.ScreenAsync(ending.Call, message, said is { HasSaid: true } ? said : StreamMemory.After(waiting.Said));
        var response = await recorder.OfJsonAsync(screened.Recorded.Raw);
        if (screened.Fault is { } fault)
        {
            await ending.FailAsync(StatusCodes.Status200OK, fault, StatusCodes.Status502BadGateway, answer, null, response);
            return true;
        }

        if (!await ending.TryEndAsync(message, screened, response, new(ending.OutcomeOf(message, screened), StatusCodes.Status200OK, screened.Refusal)))
        {
            // The stream ends with it, and the client resumes from before this answer.
            suspended.Keep(waiting);
            return false;
        }

        await answer.EventAsync(SseText.Of(read, screened.IsChanged, screened.Bytes));
        return true;
    }

    private static async ValueTask GiveUpAsync(CallEnding ending, int status, ClientAnswer answer, Tenure tenure)
    {
        if (ending.Call.Exchange.IsClientGone)
        {
            await ending.TryEndAsync(new(CallOutcome.ClientGone, status, "The client hung up before the server had answered."));
        }
        else
        {
            await ending.StopAsync(answer, stream: null, tenure);
        }
    }

    private async ValueTask RelayBodyAsync(CallEnding ending, UpstreamAnswer upstream, ClientAnswer answer, Tenure? tenure)
    {
        ReadOnlyMemory<byte>? body;
        try
        {
            body = upstream.Body is { } stream ? await AnswerReader.ReadAsync(stream, upstream.ContentLength, MaxErrorBytes, ending.Call.Exchange.Server!.ResponseTimeout, time, tenure?.Over ?? CancellationToken.None) : ReadOnlyMemory<byte>.Empty;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or TimeoutException)
        {
            body = null;
        }

        if (body is null && tenure is { Over.IsCancellationRequested: true })
        {
            await GiveUpAsync(ending, upstream.Status, answer, tenure);
            return;
        }

        var isGood = upstream.Status is >= 200 and < 300;
        var message = !isGood && body is { IsEmpty: false } ? McpReader.Read(HttpErrors.Said(upstream, body.Value), ending.Call.Exchange.Gateway.Limits) : default;
        var fault = body is null || upstream.Status is (>= 300 and < 400) or StatusCodes.Status401Unauthorized or >= 500 ? $"It answered with HTTP {upstream.Status}."
            : isGood && ending.Call.What.Method == "GET" ? $"It answered with HTTP {upstream.Status} and no stream of events."
            : message.IsRead && !HttpErrors.IsAbout(message.Message, id: null) ? $"It answered with HTTP {upstream.Status} and a message that is no error about it."
            : null;
        if (upstream.Status == StatusCodes.Status405MethodNotAllowed)
        {
            answer.SetHeader(HeaderNames.Allow, "POST");
        }

        if (fault is not null)
        {
            await FailAsync(ending, upstream.Status, fault, HttpErrors.Told(upstream.Status, message), body ?? default, answer);
            return;
        }

        await EndAsync(ending, upstream.Status, upstream.Status, ending.Call.Exchange.IsClientGone ? CallOutcome.ClientGone : isGood ? CallOutcome.Ok : CallOutcome.ProtocolError, isGood ? null : $"The server answered with HTTP {upstream.Status}.", body ?? default, upstream.ContentType, answer);
    }

    private async ValueTask FailAsync(CallEnding ending, int status, string fault, int told, ReadOnlyMemory<byte> body, ClientAnswer answer)
    {
        var garbage = body.IsEmpty ? null : await recorder.OfBytesAsync(screening.Recordable(ending.Call.Exchange, body));
        await ending.FailAsync(status, fault, told, answer, null, garbage);
    }

    private async ValueTask EndAsync(CallEnding ending, int status, int told, CallOutcome outcome, string? reason, ReadOnlyMemory<byte> body, string? contentType, ClientAnswer answer)
    {
        var screened = screening.Text(ending.Call, body);
        var content = body.IsEmpty ? null : await recorder.OfBytesAsync(screened.Recorded);
        if ((content is not null || body.IsEmpty) && await ending.TryEndAsync(new(outcome, status, reason) { Response = content, Screening = screened.Record }))
        {
            await answer.BodyAsync(told, contentType, screened.Refusal is null ? screened.Passed : default);
        }
        else
        {
            await Refuser.UnrecordableAsync(ending.Call, answer);
        }
    }
}
