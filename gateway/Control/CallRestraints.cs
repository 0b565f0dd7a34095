using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Control;

/// <summary>What stands against a call when it arrives: the stop that holds its caller, or the throttle whose minute is spent.</summary>
internal sealed class CallRestraints(ControlState control, TimeProvider time)
{
    private readonly ThrottleMeter _meter = new(time);

    /// <summary>What holds this call; null when nothing does. A call that a throttle lets pass is counted by this question.</summary>
    /// <param name="who">The caller.</param>
    /// <param name="session">The session's id.</param>
    /// <param name="isCounted">Whether the call is one that throttles count.</param>
    public Restraint? Find(Caller who, string session, bool isCounted)
    {
        var book = control.Restraints;
        var now = time.GetUtcNow();
        return book.FindStop(who.Principal, who.Client, session, now) is { } stop ? stop
            : isCounted && book.FindThrottle(who.Principal, who.Client, session, now) is { } throttle && !_meter.TryPass(throttle) ? throttle
            : null;
    }
}
