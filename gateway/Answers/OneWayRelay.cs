using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Answers;

/// <summary>Passes on what has no answer there: what a server says beside its answers, a client's notifications, and its answers to the server's requests, or an error in the place of one that does not come.</summary>
internal sealed class OneWayRelay(MessageRelay messages, MessageScreen screen, Upstream upstream, TimeProvider time)
{
    private const int MaxErrorBytes = 64 * 1024;
    private const string Withheld = "The gateway's screening did not let the request pass to its client, or the answer to it.";

    /// <summary>Records that the message is about to pass.</summary>
    /// <returns>Whether it may.</returns>
    public ValueTask<bool> TryRecordAsync(Call call) => messages.RecordAsync(call, owner: null, Screened(call), Direction.ToServer, dropped: null);

    /// <summary>Sends what was recorded, and tells the client what came of it.</summary>
    public async ValueTask SendAsync(Call call, ClientAnswer answer)
    {
        using var answered = await SendAsync(call, call.Message);
        answer.SetHeader(HeaderNames.RetryAfter, answered.RetryAfter);
        if (FaultOf(answered) is not { } reason)
        {
            answer.Accept(StatusCodes.Status202Accepted);
            return;
        }

        await messages.RecordAsync(call, owner: null, Screened(call), Direction.ToServer, reason);
        await RejectAsync(call, answered, reason, answer);
    }

    /// <summary>Gives the client what its server says beside an answer, once that is recorded; a request that does not pass is answered in the client's place.</summary>
    /// <param name="call">The call or stream in which it came.</param>
    /// <param name="read">The event that brought it.</param>
    /// <param name="message">The message.</param>
    /// <param name="said">What its stream said before; null for nothing that counts.</param>
    /// <param name="answer">To the client.</param>
    /// <returns>False when it could not be recorded.</returns>
    public async ValueTask<bool> PassAsync(Call call, SseEvent read, McpMessage message, StreamMemory? said, ClientAnswer answer)
    {
        var screened = screen.Message(call, message, said);
        if (!await messages.RecordAsync(call, call.Id, screened, Direction.ToClient, screened.Refusal))
        {
            return false;
        }

        await (screened.Refusal is null ? answer.EventAsync(SseText.Of(read, screened.IsChanged, screened.Passed.Raw))
            : message is { Kind: McpKind.Request, Id: { } id } ? RefuseAsync(call, call.Id, id)
            : default);
        return true;
    }

    /// <summary>Answers a server's request in its client's place, where screening stands between the two: whoever asked would wait, and the call with it.</summary>
    /// <param name="call">The call whose stream brought the request, or the refused answer to it.</param>
    /// <param name="owner">The call that it belongs to; null where nobody knows.</param>
    /// <param name="id">The request's id.</param>
    public async ValueTask RefuseAsync(Call call, EventId? owner, RawJson id)
    {
        // An id is the sender's own word, and may be what was refused.
        var error = McpReader.Read(McpErrors.Write(id, Refusal.RefusedByPolicy, Withheld, null), call.Exchange.Gateway.Limits).Message;
        var screened = screen.Request(call, error);
        if (screened.Refusal is null && await messages.RecordAsync(call, owner, screened, Direction.ToServer, dropped: null))
        {
            using var answered = await SendAsync(call, screened.Passed);
            if (FaultOf(answered) is { } reason)
            {
                await messages.RecordAsync(call, owner, screened, Direction.ToServer, reason);
            }
        }
    }

    // Once recorded it is sent, whether or not the client waits: it has no answer to wait for.
    private ValueTask<UpstreamAnswer> SendAsync(Call call, McpMessage message) => upstream.SendAsync(
        new(call.Exchange.Server!, call.Exchange.Http.Request, "POST", message, call.Era, call.Protocol, call.Era == McpEra.Legacy ? call.Exchange.Session : null, call.Exchange.Principal), CancellationToken.None);

    private static string? FaultOf(UpstreamAnswer answered) =>
        answered.Fault ?? (answered.Status is >= 200 and < 300 ? null : $"The server answered with HTTP {answered.Status}.");

    private static ScreenedMessage Screened(Call call) => new(call.Message, call.Recorded) { Record = call.Screening };

    private async ValueTask RejectAsync(Call call, UpstreamAnswer answered, string reason, ClientAnswer answer)
    {
        if (answered.IsSessionGone || answered.Status == StatusCodes.Status404NotFound)
        {
            await answer.JsonAsync(StatusCodes.Status404NotFound, McpErrors.Write(null, Refusal.SessionNotFound, "The session is over. Initialize a new one.", null));
        }
        else if (answered.FaultStatus == StatusCodes.Status202Accepted)
        {
            answer.Accept(StatusCodes.Status202Accepted);
        }
        else if (answered.Status is >= 400 and < 500 and not StatusCodes.Status401Unauthorized && answered.Body is { } body
            && await TryReadAsync(body, answered, call.Exchange.Server!.ResponseTimeout, call.Exchange.Http.RequestAborted) is { } bytes && McpReader.Read(HttpErrors.Said(answered, bytes), call.Exchange.Gateway.Limits) is { IsRead: true } read)
        {
            if (!HttpErrors.IsAbout(read.Message, call.Message.Id))
            {
                await messages.RecordAsync(call, owner: null, read.Message, default, Direction.ToClient, "It is no error about what the client sent.");
                await answer.JsonAsync(HttpErrors.Told(answered.Status, read), McpErrors.Write(null, McpErrors.InternalError, reason, null));
                return;
            }

            var error = screen.Message(call, read.Message, stream: null);
            await (await messages.RecordAsync(call, owner: null, error, Direction.ToClient, error.Refusal)
                ? answer.JsonAsync(answered.Status, error.Refusal is null ? error.Passed.Raw : McpErrors.Write(null, McpErrors.InternalError, error.Refusal, null))
                : Refuser.UnrecordableAsync(call, answer));
        }
        else
        {
            await answer.JsonAsync(answered.FaultStatus, McpErrors.Write(null, McpErrors.InternalError, reason, null));
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>?> TryReadAsync(Stream body, UpstreamAnswer answered, TimeSpan longest, CancellationToken cancellationToken)
    {
        try
        {
            return await AnswerReader.ReadAsync(body, answered.ContentLength, MaxErrorBytes, longest, time, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or TimeoutException)
        {
            return null;
        }
    }
}
