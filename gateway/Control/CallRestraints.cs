using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Control;

/// <summary>What stands against a call when it arrives: the stop that holds its caller, or a throttle whose minute is spent.</summary>
internal sealed class CallRestraints(ControlState control, TimeProvider time)
{
    private readonly ThrottleMeter _meter = new(time);

    /// <summary>What holds this call; null when nothing does. A call that passes is counted by this question, under every throttle that holds its caller.</summary>
    /// <param name="who">The caller.</param>
    /// <param name="session">The session's id.</param>
    /// <param name="isCounted">Whether the call is one that throttles count.</param>
    public Restraint? Find(Caller who, string session, bool isCounted)
    {
        var book = control.Restraints;
        var now = time.GetUtcNow();
        return book.FindStop(who.Principal, who.Client, session, now) ?? (isCounted ? _meter.Pass(book.ThrottlesOf(who.Principal, who.Client, session, now)) : null);
    }
}
