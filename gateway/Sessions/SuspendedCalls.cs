using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Sessions;

/// <summary>A legacy call whose stream the server closed to be resumed: all that its outcome will say, and nothing of the request that has ended.</summary>
internal sealed record SuspendedCall(EventId Id, Caller Who, CallTarget What, Place Where, string Protocol, string? Destination, long Began)
{
    /// <summary>The end of what its stream said, which its answer may go on with; null where that said nothing, or nobody listens.</summary>
    public string? Said { get; init; }
}

/// <summary>
/// Calls that wait for their answer on a GET stream of their session. Known to this replica and this process only: where another one carries the answer,
/// it is recorded as <c>message.relayed.v1</c> and the read models join it by session and id. Bounded in number and in time, as that covers what is not kept.
/// </summary>
internal sealed class SuspendedCalls(TimeProvider time)
{
    private const int MaxCalls = 16_384;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);
    private readonly ConcurrentDictionary<(string Session, MessageKey Id), SuspendedCall> _calls = new();

    /// <summary>Keeps a call until its answer comes.</summary>
    /// <returns>The call that was kept under its id before, and is no longer; null for none.</returns>
    public SuspendedCall? Keep(SuspendedCall call)
    {
        if (call.Where.Session.Kind != "protocol" || MessageKey.From(call.What.Id) is not { } id)
        {
            return null;
        }

        var replaced = Take(call.Where.Session, call.What.Id);

        if (_calls.Count >= MaxCalls)
        {
            Forget();
        }

        if (_calls.Count < MaxCalls)
        {
            _calls[(call.Where.Session.Id, id)] = call;
        }

        return replaced;
    }

    /// <summary>Hands out the call that an answer in a session belongs to, once.</summary>
    /// <returns>Null when none is known.</returns>
    public SuspendedCall? Take(SessionRef session, RawJson? id) =>
        session.Kind == "protocol" && MessageKey.From(id) is { } known && _calls.TryRemove((session.Id, known), out var call) ? call : null;

    /// <summary>Hands out all calls of a session, each once.</summary>
    public IReadOnlyList<SuspendedCall> TakeAll(SessionRef session)
    {
        List<SuspendedCall> taken = [];
        foreach (var each in _calls)
        {
            if (session.Kind == "protocol" && each.Key.Session == session.Id && _calls.TryRemove(each))
            {
                taken.Add(each.Value);
            }
        }

        return taken;
    }

    private void Forget()
    {
        foreach (var (key, call) in _calls)
        {
            if (time.GetElapsedTime(call.Began) > Longest)
            {
                _calls.TryRemove(new(key, call));
            }
        }
    }
}
