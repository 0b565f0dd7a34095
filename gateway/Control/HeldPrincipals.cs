namespace McpLedger.Gateway.Control;

/// <summary>What holds a principal at this gateway, for whoever is about to release it.</summary>
public sealed class HeldPrincipals
{
    private readonly ControlState _control;
    private readonly TimeProvider _time;

    internal HeldPrincipals(ControlState control, TimeProvider time) => (_control, _time) = (control, time);

    /// <summary>All of the principal that is held, whole or in part; as a release would name it.</summary>
    /// <param name="principal">The principal.</param>
    /// <returns>Null while the control log has not been read to its end: before that, nobody can say that nothing is held.</returns>
    public IReadOnlyList<HeldScope>? Of(string principal) => !_control.IsCurrent ? null : [.. _control.Restraints.Of(principal, _time.GetUtcNow()).Select(each => new HeldScope(each.Scope.Client, each.Scope.Session)).Distinct()];
}

/// <summary>A part of a principal that a stop or a throttle holds.</summary>
/// <param name="Client">Only under this name that a client gives itself; null for all.</param>
/// <param name="Session">Only in this session; null for all.</param>
public sealed record HeldScope(string? Client, string? Session)
{
    /// <summary>Whether a release of these reaches it.</summary>
    /// <param name="client">The client that is released; null for all.</param>
    /// <param name="session">The session that is released; null for all.</param>
    public bool IsWithin(string? client, string? session) => new RestraintScope("", Client, Session).IsWithin(new("", client, session));
}
