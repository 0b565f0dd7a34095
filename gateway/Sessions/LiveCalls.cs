using System.Collections.Concurrent;
using McpLedger.Contracts.Events;

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
    public LiveCall? Enter(SessionRef session, RawJson? id)
    {
        if (session.Kind != "protocol" || MessageKey.From(id) is not { } known || _calls.Count >= MaxCalls)
        {
            return null;
        }

        var call = new LiveCall((session.Id, known));
        return _calls.TryAdd(call.Key, call) ? call : null;
    }

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
        if (session.Kind == "protocol" && MessageKey.From(id) is { } known && _calls.TryGetValue((session.Id, known), out var call))
        {
            call.IsCancelled = true;
        }
    }
}

/// <summary>A legacy call in flight.</summary>
internal sealed class LiveCall((string Session, MessageKey Id) key)
{
    private volatile bool _isCancelled;

    public (string Session, MessageKey Id) Key { get; } = key;

    /// <summary>Whether the client has cancelled it.</summary>
    public bool IsCancelled
    {
        get => _isCancelled;
        set => _isCancelled = value;
    }
}
