namespace McpLedger.Detectors.Behaviour;

/// <summary>
/// Follows sessions and agents, event by event, and says what they do that they should not. Time is what events say; memory is bounded by <see cref="BehaviourLimits"/>. One thread at a time.
/// </summary>
/// <param name="model">The session model; null leaves its signals out.</param>
/// <param name="limits">Bounds.</param>
public sealed class BehaviourTracker(BehaviourModel? model, BehaviourLimits limits)
{
    private readonly Recent<SessionState> _sessions = new(limits.MaxSessions, () => new());
    private readonly Recent<AgentHabits> _agents = new(limits.MaxAgents, () => new());
    private readonly List<BehaviourSignal> _signals = [];

    /// <summary>Sessions that are remembered.</summary>
    public int Sessions => _sessions.Count;

    /// <summary>Agents that are remembered.</summary>
    public int Agents => _agents.Count;

    /// <summary>Moves on by a call.</summary>
    /// <returns>What it adds to what was said of the session before; valid until the next question.</returns>
    public IReadOnlyList<BehaviourSignal> OnCall(scoped in ObservedCall call)
    {
        _signals.Clear();
        var session = Of(call.Owner, call.Session, call.At);
        var habits = _agents.Of(call.Owner ?? "", call.Agent);
        var step = session.OnCall(call, habits);
        session.Rearm(call.At, limits);
        var rules = new SignalRules(session, call.At, _signals);
        rules.Loop(step.Loop);
        rules.Burst(step.IsBurst);
        rules.FirstUse(step.Novelty);
        rules.Sequence(step.Surprise);
        rules.Outbound(step.OutboundAbove, limits.OutboundBytes);
        rules.Trifecta();
        rules.Provenance(call.Traits);
        rules.Model(model);
        return _signals;
    }

    /// <summary>Moves on by the result of a call.</summary>
    /// <returns>What it adds to what was said of the session before; valid until the next question.</returns>
    public IReadOnlyList<BehaviourSignal> OnResult(scoped in ObservedResult result)
    {
        _signals.Clear();
        var session = Of(result.Owner, result.Session, result.At);
        var (loop, cost) = session.OnResult(result, _agents.Of(result.Owner ?? "", result.Agent), limits);
        session.Rearm(result.At, limits);
        var rules = new SignalRules(session, result.At, _signals);
        rules.Loop(loop);
        rules.Cost(cost, limits);
        rules.Trifecta();
        rules.Model(model);
        return _signals;
    }

    /// <summary>Moves on by what a server said of its own, which is no call's result and is read like one.</summary>
    /// <returns>What it adds to what was said of the session before; valid until the next question.</returns>
    public IReadOnlyList<BehaviourSignal> OnMessage(scoped in ObservedResult message)
    {
        _signals.Clear();
        var session = Of(message.Owner, message.Session, message.At);
        session.OnMessage(message);
        session.Rearm(message.At, limits);
        var rules = new SignalRules(session, message.At, _signals);
        rules.Trifecta();
        rules.Model(model);
        return _signals;
    }

    /// <summary>What is true of a session.</summary>
    public BehaviourLabels LabelsOf(string session, DateTimeOffset at) => _sessions.Find(session) is { } state && GoesOn(state, at) ? state.Labels : BehaviourLabels.None;

    internal SessionState Of(string? owner, string session, DateTimeOffset at)
    {
        var state = _sessions.Of(owner ?? "", session);
        return GoesOn(state, at) ? state : _sessions.Put(owner ?? "", session, new());
    }

    internal void Know(string agent, AgentHabits habits) => _agents.Put("", agent, habits);

    internal AgentHabits HabitsOf(string agent) => _agents.Of("", agent);

    private bool GoesOn(SessionState state, DateTimeOffset at) => state.Last == default || at - state.Last < limits.Rest;
}
