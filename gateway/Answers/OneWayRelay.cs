using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Answers;

/// <summary>Passes on what has no answer: a client's notifications, and its answers to the server's requests.</summary>
internal sealed class OneWayRelay(MessageRelay messages, MessageScreen screen, Upstream upstream, TimeProvider time)
{
    private const int MaxErrorBytes = 64 * 1024;

    public async ValueTask RelayAsync(Call call, ClientAnswer answer)
    {
        var screened = new ScreenedMessage(call.Message, call.Recorded) { Record = call.Screening };
        if (!await messages.RecordAsync(call, owner: null, screened, Direction.ToServer, dropped: null))
        {
            await Refuser.UnrecordableAsync(call, answer);
            return;
        }

        // Once recorded it is sent, whether or not the client waits: it has no answer to wait for.
        var request = new UpstreamRequest(call.Exchange.Server!, call.Exchange.Http.Request, "POST", call.Message, call.Era, call.Protocol, call.Era == McpEra.Legacy ? call.Exchange.Session : null);
        using var answered = await upstream.SendAsync(request, CancellationToken.None);
        if (answered.Fault is null && answered.Status is >= 200 and < 300)
        {
            answer.Accept(StatusCodes.Status202Accepted);
            return;
        }

        var reason = answered.Fault ?? $"The server answered with HTTP {answered.Status}.";
        await messages.RecordAsync(call, owner: null, screened, Direction.ToServer, reason);
        await RejectAsync(call, answered, reason, answer);
    }

    private async ValueTask RejectAsync(Call call, UpstreamAnswer answered, string reason, ClientAnswer answer)
    {
        if (answered.IsSessionGone || answered.Status == StatusCodes.Status404NotFound)
        {
            await answer.JsonAsync(StatusCodes.Status404NotFound, McpErrors.Write(null, Refusal.SessionNotFound, "The session is over. Initialize a new one.", null));
        }
        else if (answered.Status is >= 400 and < 500 and not StatusCodes.Status401Unauthorized && answered.Body is { } body
            && await TryReadAsync(body, answered, call.Exchange.Server!.ResponseTimeout, call.Exchange.Http.RequestAborted) is { } bytes && McpReader.Read(bytes, call.Exchange.Gateway.Limits) is { IsRead: true } read)
        {
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
