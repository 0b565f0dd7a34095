using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Tools;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Answers;

/// <summary>A forwarded call that has not ended yet. Ends once: the event first, then what the client gets (I1).</summary>
internal sealed class CallEnding(Call call, CallRecorder recorder, GatewayTelemetry telemetry, long began, TimeProvider time)
{
    /// <summary>Why a call ended that its client cancelled by a notification.</summary>
    public const string CancelledByClient = "The client cancelled the call.";

    /// <summary>Why a client was hung up on.</summary>
    public const string NotRead = "The client did not read what it was given, so its connection was ended.";

    /// <summary>Why a stream ended that would have gone on.</summary>
    public const string GatewayStopped = "The gateway was stopped, which ended the stream.";

    /// <summary>Why a stream ended whose caller is let in no more.</summary>
    public const string KeyWithdrawn = "The key that opened the stream was revoked or expired, which ended it.";

    private const string FailureTold = "The server failed to answer: ";

    public Call Call { get; } = call;

    /// <summary>The destination that was used; null for none.</summary>
    public string? Destination { get; set; }

    /// <summary>What a cancellation of the call marks; null when none can name it.</summary>
    public LiveCall? Live { get; init; }

    /// <summary>Whether the end is recorded.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What is kept of the call while it waits to be resumed.</summary>
    /// <param name="said">The end of what its stream said; null for nothing.</param>
    public SuspendedCall Suspend(string? said) => Call.Suspend(Destination, began) with { Said = said };

    /// <summary>Records the end.</summary>
    /// <returns>Whether the answer may be released.</returns>
    public async ValueTask<bool> TryEndAsync(Ending ending)
    {
        HasEnded = true;
        var took = time.GetElapsedTime(began);
        telemetry.Ended(Call, ending, took);
        return await recorder.RecordAsync(
            new CallCompleted
            {
                Call = Call.Id,
                Who = Call.Who,
                What = Call.What,
                Outcome = ending.Outcome,
                Response = ending.Response,
                Released = ending.Released,
                Stream = ending.Stream,
                Status = ending.Status,
                Code = ending.Code,
                Reason = ending.Reason,
                DurationMicros = (long)took.TotalMicroseconds,
                Where = Call.Where with
                {
                    Session = ending.Opened ?? Call.Where.Session,
                    Upstream = Call.Exchange.Server is { Destinations.Count: > 1 } ? Destination : null,
                    Monotonic = recorder.Monotonic,
                },
                Screening = ending.Screening,
            },
            Call.Subject,
            Call.PartitionKey,
            RecordPhase.Answer,
            Call.Exchange.Gateway.Config.Record);
    }

    /// <summary>Records the end with an answer that was screened.</summary>
    /// <param name="answer">The answer as it came.</param>
    /// <param name="screened">What became of it.</param>
    /// <param name="response">What is recorded of it; null when that could not be made durable.</param>
    /// <param name="ending">The rest.</param>
    /// <returns>Whether it may be released.</returns>
    public async ValueTask<bool> TryEndAsync(McpMessage answer, Screened screened, Content? response, Ending ending)
    {
        var released = screened.Released.IsEmpty ? null : await recorder.OfJsonAsync(screened.Released);
        return screened.IsRecorded && response is not null && (screened.Released.IsEmpty || released is not null)
            && await TryEndAsync(ending with { Response = response, Released = released, Code = answer.ErrorCode, Screening = screened.Screening });
    }

    /// <summary>Ends a call that the upstream failed, and tells the client.</summary>
    /// <param name="upstreamStatus">HTTP status of the upstream; 0 for none.</param>
    /// <param name="reason">What went wrong.</param>
    /// <param name="told">HTTP status for the client.</param>
    /// <param name="answer">Where to tell.</param>
    /// <param name="stream">What the stream carried; null for none.</param>
    /// <param name="garbage">What the upstream sent instead of an answer; null for nothing.</param>
    public async ValueTask FailAsync(int upstreamStatus, string reason, int told, ClientAnswer answer, StreamSummary? stream, Content? garbage)
    {
        if (Live is { IsCancelled: true })
        {
            await CancelAsync(upstreamStatus, answer, stream, garbage);
        }
        else if (await TryEndAsync(new(CallOutcome.UpstreamFailed, upstreamStatus, reason) { Stream = stream, Response = garbage }))
        {
            await answer.JsonAsync(told, McpErrors.Write(Call.Message.Id ?? Call.What.Id, McpErrors.InternalError, FailureTold + reason, null));
        }
        else
        {
            await Refuser.UnrecordableAsync(Call, answer);
        }
    }

    /// <summary>Ends a call whose client has gone: nobody is left to be told.</summary>
    public ValueTask<bool> AbandonAsync(int upstreamStatus, StreamSummary? stream) =>
        TryEndAsync(Live is { IsCancelled: true } ? new(CallOutcome.Cancelled, upstreamStatus, CancelledByClient) { Stream = stream }
            : Call.Era == McpEra.Modern
            ? new(CallOutcome.Cancelled, upstreamStatus, Call.Exchange.IsClientStalled ? NotRead : "The client closed the connection, which cancels the call in this era.") { Stream = stream }
            : new(CallOutcome.ClientGone, upstreamStatus, Call.Exchange.IsClientStalled ? NotRead : "The client was gone, and the server did not answer in time.") { Stream = stream });

    /// <summary>Ends a call whose stream may stand open no longer, though its client is there.</summary>
    public async ValueTask StopAsync(ClientAnswer answer, StreamSummary? stream, Tenure tenure)
    {
        var (told, code, reason) = tenure.IsWithdrawn
            ? (StatusCodes.Status401Unauthorized, Refusal.Unauthenticated, KeyWithdrawn)
            : (StatusCodes.Status503ServiceUnavailable, McpErrors.InternalError, GatewayStopped);
        if (await TryEndAsync(new(CallOutcome.Cancelled, StatusCodes.Status200OK, reason) { Stream = stream }))
        {
            await answer.JsonAsync(told, McpErrors.Write(Call.Message.Id, code, reason, null));
        }
        else
        {
            await Refuser.UnrecordableAsync(Call, answer);
        }
    }

    // A cancelled request gets no answer (2025-11-25, Cancellation): a stream that just ends.
    private async ValueTask CancelAsync(int upstreamStatus, ClientAnswer answer, StreamSummary? stream, Content? garbage)
    {
        if (await TryEndAsync(new(CallOutcome.Cancelled, upstreamStatus, CancelledByClient) { Stream = stream, Response = garbage }))
        {
            await answer.StartStreamAsync();
        }
        else
        {
            await Refuser.UnrecordableAsync(Call, answer);
        }
    }

    /// <summary>The outcome that an answer means for the call.</summary>
    public CallOutcome OutcomeOf(in McpMessage response, in Screened screened) =>
        Call.Era == McpEra.Legacy && Call.Exchange.IsClientGone ? CallOutcome.ClientGone : OutcomeOf(Call.What.Method, response, screened);

    /// <summary>The outcome that an answer means to whoever takes it: one that is withheld is an error to the client.</summary>
    public static CallOutcome OutcomeOf(string? method, in McpMessage response, in Screened screened) =>
        screened.Refusal is not null ? (method == "tools/call" ? CallOutcome.ToolError : CallOutcome.ProtocolError)
        : response.ErrorCode is not null ? CallOutcome.ProtocolError
        : response.IsToolError ? CallOutcome.ToolError
        : CallOutcome.Ok;

    /// <summary>The HTTP status that tells the client about an upstream that failed.</summary>
    public static int StatusFor(bool isTimeout) => isTimeout ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway;
}
