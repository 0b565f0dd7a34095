using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Answers;

/// <summary>Takes a request's answer from the upstream to the client: read, checked, screened, recorded, released.</summary>
internal sealed class AnswerRelay(CallRecorder recorder, AnswerScreen screen, MessageScreen messages, StreamRelay streams, SessionMinting minting, SpokenVersions versions, TimeProvider time)
{
    /// <summary>Relays the answer to the call's request and ends the call.</summary>
    public async ValueTask RelayAsync(CallEnding ending, UpstreamAnswer upstream, ClientAnswer answer, CancellationToken cancellationToken)
    {
        var call = ending.Call;
        ending.Destination = upstream.Destination;
        answer.SetHeader(HeaderNames.RetryAfter, upstream.RetryAfter);
        if (upstream.IsSessionGone)
        {
            await SessionGoneAsync(ending, upstream.Fault!, answer);
            return;
        }

        if (upstream.Fault is { } fault)
        {
            await (call.Exchange.IsClientGone ? Discard(ending.AbandonAsync(0, null)) : ending.FailAsync(0, fault, upstream.FaultStatus, answer, null, null));
            return;
        }

        if (!minting.TryMint(call, upstream, out var sealedId, out var opened, out var sealFault))
        {
            await ending.FailAsync(upstream.Status, sealFault!, StatusCodes.Status502BadGateway, answer, null, null);
            return;
        }

        if (sealedId is not null && upstream.Status is >= 200 and < 300)
        {
            answer.SetSession(sealedId);
        }

        if (upstream is { Status: StatusCodes.Status200OK, IsStream: true, Body: { } events })
        {
            await streams.RelayCallAsync(ending, events, opened, answer, cancellationToken);
            return;
        }

        await RelayBodyAsync(ending, upstream, opened, answer, cancellationToken);
    }

    private async ValueTask RelayBodyAsync(CallEnding ending, UpstreamAnswer upstream, SessionRef? opened, ClientAnswer answer, CancellationToken cancellationToken)
    {
        var limits = ending.Call.Exchange.Gateway.Config.Limits;
        var longest = ending.Call.Exchange.Server!.ResponseTimeout;
        ReadOnlyMemory<byte>? whole;
        try
        {
            whole = upstream.Body is { } body
                ? await AnswerReader.ReadAsync(body, upstream.ContentLength, limits.MaxResponseBytes, longest, time, cancellationToken)
                : ReadOnlyMemory<byte>.Empty;
        }
        catch (TimeoutException)
        {
            await ending.FailAsync(upstream.Status, $"Its answer began and did not end within {longest.TotalSeconds:0} s.", CallEnding.StatusFor(isTimeout: true), answer, null, null);
            return;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            await (ending.Call.Exchange.IsClientGone
                ? Discard(ending.AbandonAsync(upstream.Status, null))
                : ending.FailAsync(upstream.Status, "It broke off in the middle of its answer.", StatusCodes.Status502BadGateway, answer, null, null));
            return;
        }

        if (whole is not { } bytes)
        {
            await ending.FailAsync(upstream.Status, $"Its answer is longer than {limits.MaxResponseBytes} bytes.", StatusCodes.Status502BadGateway, answer, null, null);
            return;
        }

        var said = HttpErrors.Said(upstream, bytes);
        var read = McpReader.Read(said, ending.Call.Exchange.Gateway.Limits);
        if (read.IsRead && IsAnswerTo(ending.Call, read.Message, upstream.Status) && (upstream.IsJson || !said.Equals(bytes)))
        {
            await ReleaseAsync(ending, read.Message, upstream, opened, answer);
        }
        else
        {
            await RejectAsync(ending, said, read, upstream, answer);
        }
    }

    private async ValueTask ReleaseAsync(CallEnding ending, McpMessage message, UpstreamAnswer upstream, SessionRef? opened, ClientAnswer answer)
    {
        versions.Learn(ending.Call, message);
        var screened = await screen.ScreenAsync(ending.Call, message, stream: null);
        var response = await recorder.OfJsonAsync(screened.Recorded.Raw);
        if (screened.Fault is { } fault)
        {
            await ending.FailAsync(upstream.Status, fault, StatusCodes.Status502BadGateway, answer, null, response);
            return;
        }

        if (!await ending.TryEndAsync(message, screened, response, new(ending.OutcomeOf(message, screened), upstream.Status, screened.Refusal) { Opened = opened }))
        {
            await Refuser.UnrecordableAsync(ending.Call, answer);
            return;
        }

        await answer.JsonAsync(upstream.Status, screened.Bytes);
    }

    // A client error passes as it is where it is no message, or an error about this request: clients tell the eras apart by it. Whatever else is no answer becomes an error of ours.
    private async ValueTask RejectAsync(CallEnding ending, ReadOnlyMemory<byte> bytes, McpRead read, UpstreamAnswer upstream, ClientAnswer answer)
    {
        var screened = read.IsRead ? TextOf(messages.Answer(ending.Call, read.Message, stream: null)) : messages.Text(ending.Call, bytes);
        var content = bytes.IsEmpty ? null : read.IsRead ? await recorder.OfJsonAsync(screened.Recorded) : await recorder.OfBytesAsync(screened.Recorded);
        var isClientError = HttpErrors.IsClients(upstream.Status);
        if (isClientError && !answer.IsStream && (!read.IsRead || HttpErrors.IsAbout(read.Message, ending.Call.Message.Id)))
        {
            if ((content is not null || bytes.IsEmpty)
                && await ending.TryEndAsync(new(CallOutcome.UpstreamFailed, upstream.Status, $"The server answered with HTTP {upstream.Status} and no JSON-RPC message.") { Response = content, Screening = screened.Record }))
            {
                await (screened.Refusal is null
                    ? answer.BodyAsync(upstream.Status, upstream.ContentType, screened.Passed)
                    : answer.JsonAsync(upstream.Status, McpErrors.Write(ending.Call.Message.Id, Refusal.RefusedByPolicy, screened.Refusal, null)));
            }
            else
            {
                await Refuser.UnrecordableAsync(ending.Call, answer);
            }

            return;
        }

        var reason = upstream.Status switch
        {
            StatusCodes.Status401Unauthorized or StatusCodes.Status407ProxyAuthenticationRequired => $"It did not accept the gateway's credentials (HTTP {upstream.Status}).",
            _ when isClientError && read.IsRead => $"It answered with HTTP {upstream.Status} and a message that is no error about the request.",
            < 200 or >= 300 => $"It answered with HTTP {upstream.Status}.",
            _ when read.IsRead && upstream.IsJson => "Its answer belongs to another request.",
            _ => $"Its answer is no JSON-RPC message: {read.Fault?.Unquoted ?? MediaTypes.Shown(upstream.ContentType)}",
        };

        await ending.FailAsync(upstream.Status, reason, HttpErrors.Told(upstream.Status, read), answer, null, content);
    }

    private static ScreenedText TextOf(in ScreenedMessage message) =>
        new(message.Passed.Raw, message.Released.IsEmpty ? message.Recorded.Raw : message.Released, message.Record, message.Refusal);

    private static async ValueTask SessionGoneAsync(CallEnding ending, string reason, ClientAnswer answer)
    {
        if (await ending.TryEndAsync(new(CallOutcome.UpstreamFailed, 0, reason)))
        {
            await answer.JsonAsync(StatusCodes.Status404NotFound, McpErrors.Write(ending.Call.Message.Id, Refusal.SessionNotFound, "The session is over. Initialize a new one.", null));
        }
        else
        {
            await Refuser.UnrecordableAsync(ending.Call, answer);
        }
    }

    private static bool IsAnswerTo(Capture.Call call, in McpMessage message, int status) =>
        message.Kind == McpKind.Response
        && (status is >= 200 and < 300
            ? status == StatusCodes.Status200OK && MessageKey.AreSame(message.Id, call.Message.Id)
            : status >= 400 && status != StatusCodes.Status401Unauthorized && HttpErrors.IsAbout(message, call.Message.Id));

    private static async ValueTask Discard(ValueTask<bool> recorded) => await recorded;
}
