using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Capture;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// The legacy calls in flight, by session and id: a cancellation names the call it ends, and a stream that broke off is resumed by another request.
/// Bounded; what does not fit is not joined, which the read models show as unresolved.
/// </summary>
internal sealed class LiveCalls
{
    private const int MaxCalls = 65_536;
    private readonly ConcurrentDictionary<(string Session, MessageKey Id), LiveCall> _calls = new();

    /// <summary>Remembers a call.</summary>
    /// <returns>Null when it cannot be joined to anything: no session, or too many calls.</returns>
    public LiveCall? Enter(Call call)
    {
        if (call.Where.Session is not { Kind: "protocol" } session || MessageKey.From(call.Message.Id) is not { } known || _calls.Count >= MaxCalls)
        {
            return null;
        }

        var entered = new LiveCall((session.Id, known), call);
        return _calls.TryAdd(entered.Key, entered) ? entered : null;
    }

    /// <summary>The call that an id names in a session; null when none is in flight.</summary>
    public LiveCall? Find(SessionRef session, RawJson? id) => session.Kind == "protocol" && MessageKey.From(id) is { } known ? _calls.GetValueOrDefault((session.Id, known)) : null;

    /// <summary>Forgets a call.</summary>
    public void Leave(LiveCall? call)
    {
        if (call is not null)
        {
            _calls.TryRemove(new(call.Key, call));
        }
    }

    /// <summary>Marks the call that a client cancelled.</summary>
    public void Cancel(SessionRef session, RawJson? id)
    {
        if (Find(session, id) is { } call)
        {
            call.IsCancelled = true;
        }
    }
}

/// <summary>A legacy call in flight.</summary>
internal sealed class LiveCall((string Session, MessageKey Id) key, Call call)
{
    private volatile bool _isCancelled;

    public (string Session, MessageKey Id) Key { get; } = key;

    public Call Call { get; } = call;

    /// <summary>Whether the client has cancelled it.</summary>
    public bool IsCancelled
    {
        get => _isCancelled;
        set => _isCancelled = value;
    }
}
