using McpLedger.Contracts.Events;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Sessions;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Answers;

/// <summary>Ends calls that waited to be resumed: with their answer, or where nobody will ever answer them.</summary>
internal sealed class SuspendedEndings(SuspendedCalls suspended, CallRecorder recorder, GatewayTelemetry telemetry, TimeProvider time)
{
    private const string UsedAgain = "Its id was used again in its session, so no answer can be told to be its own.";
    private const string SessionEnded = "The client ended the session.";

    /// <summary>A call as it ends in another request.</summary>
    public CallEnding Of(Exchange exchange, SuspendedCall waiting) => new(Call.Resume(exchange, waiting), recorder, telemetry, waiting.Began, time) { Destination = waiting.Destination };

    /// <summary>Keeps a call until its answer comes.</summary>
    /// <param name="exchange">The request that ends without the answer.</param>
    /// <param name="call">The call.</param>
    public async ValueTask KeepAsync(Exchange exchange, SuspendedCall call)
    {
        if (suspended.Keep(call) is { } replaced)
        {
            await Of(exchange, replaced).TryEndAsync(new(CallOutcome.UpstreamFailed, StatusCodes.Status200OK, UsedAgain));
        }
    }

    /// <summary>Ends the call that waits under the id of one that begins: its answer would pass by the rules of the other.</summary>
    /// <returns>False when that could not be recorded, so that it still waits.</returns>
    public ValueTask<bool> TryEndNamesakeAsync(Call call) => TryEndAsync(call, call.Message.Id, CallOutcome.UpstreamFailed, UsedAgain);

    /// <summary>Ends the call that its client cancels, where it waits: nothing follows in a stream that was closed already.</summary>
    /// <returns>False when that could not be recorded, so that it still waits.</returns>
    public ValueTask<bool> TryCancelAsync(Call by, RawJson? id) => TryEndAsync(by, id, CallOutcome.Cancelled, CallEnding.CancelledByClient);

    /// <summary>Ends the calls that wait in a session that is over.</summary>
    public async ValueTask EndSessionAsync(Call by)
    {
        foreach (var waiting in suspended.TakeAll(by.Where.Session))
        {
            await TryEndAsync(by.Exchange, waiting, CallOutcome.Cancelled, SessionEnded);
        }
    }

    private ValueTask<bool> TryEndAsync(Call by, RawJson? id, CallOutcome outcome, string reason) =>
        suspended.Take(by.Where.Session, id) is { } waiting ? TryEndAsync(by.Exchange, waiting, outcome, reason) : new(true);

    private async ValueTask<bool> TryEndAsync(Exchange exchange, SuspendedCall waiting, CallOutcome outcome, string reason)
    {
        if (await Of(exchange, waiting).TryEndAsync(new(outcome, StatusCodes.Status200OK, reason)))
        {
            return true;
        }

        suspended.Keep(waiting);
        return false;
    }
}
