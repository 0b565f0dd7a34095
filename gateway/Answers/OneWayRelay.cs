using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Answers;

/// <summary>Passes on what has no answer: a client's notifications, and its answers to the server's requests.</summary>
internal sealed class OneWayRelay(MessageRelay messages, MessageScreen screen, Upstream upstream, TimeProvider time)
{
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Records that the message is about to pass.</summary>
    /// <returns>Whether it may.</returns>
    public ValueTask<bool> TryRecordAsync(Call call) => messages.RecordAsync(call, owner: null, Screened(call), Direction.ToServer, dropped: null);

    /// <summary>Sends what was recorded, and tells the client what came of it.</summary>
    public async ValueTask SendAsync(Call call, ClientAnswer answer)
    {
        // Once recorded it is sent, whether or not the client waits: it has no answer to wait for.
        var request = new UpstreamRequest(call.Exchange.Server!, call.Exchange.Http.Request, "POST", call.Message, call.Era, call.Protocol, call.Era == McpEra.Legacy ? call.Exchange.Session : null, call.Exchange.Principal);
        using var answered = await upstream.SendAsync(request, CancellationToken.None);
        answer.SetHeader(HeaderNames.RetryAfter, answered.RetryAfter);
        if (answered.Fault is null && answered.Status is >= 200 and < 300)
        {
            answer.Accept(StatusCodes.Status202Accepted);
            return;
        }

        var reason = answered.Fault ?? $"The server answered with HTTP {answered.Status}.";
        await messages.RecordAsync(call, owner: null, Screened(call), Direction.ToServer, reason);
        await RejectAsync(call, answered, reason, answer);
    }

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
