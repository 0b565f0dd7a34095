using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Capture;

/// <summary>
/// What a client's hanging up means for its call: in the modern era it cancels the call (2026-07-28, Streamable HTTP); in the legacy era it does
/// not (2025-11-25, Cancellation), so the answer is still waited for, within bounds, and recorded.
/// </summary>
internal sealed class ClientPresence : IDisposable
{
    private readonly CancellationTokenSource? _lingering;
    private readonly CancellationTokenRegistration _registration;
    private readonly CancellationTokenRegistration _resumption;

    /// <param name="call">The call.</param>
    /// <param name="time">The clock.</param>
    /// <param name="resumed">Fires when the client waits for the answer in another request.</param>
    public ClientPresence(Call call, TimeProvider time, CancellationToken resumed)
    {
        var gone = call.Exchange.Http.RequestAborted;
        if (call.Era == McpEra.Modern)
        {
            Token = gone;
            return;
        }

        // Its own timer, which may fire while it is disposed: one that calls Cancel would throw then, on a thread where nothing catches it.
        _lingering = new(Timeout.InfiniteTimeSpan, time);
        var longest = call.Exchange.Server!.ResponseTimeout;
        _registration = gone.UnsafeRegister(static state => ((Action)state!)(), (Action)(() => _lingering.CancelAfter(longest)));
        _resumption = resumed.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _lingering);
        Token = _lingering.Token;
    }

    /// <summary>Fires when nobody waits for the answer here any more.</summary>
    public CancellationToken Token { get; }

    public void Dispose()
    {
        _registration.Dispose();
        _resumption.Dispose();
        _lingering?.Dispose();
    }
}
