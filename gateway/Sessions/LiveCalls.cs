using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
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

    /// <summary>Forgets a call, when nothing of its stream is read any more.</summary>
    public void Leave(LiveCall? call)
    {
        if (call is not null)
        {
            _calls.TryRemove(new(call.Key, call));
            call.HasLeft.SetResult();
        }
    }

    /// <summary>
    /// Gives up the stream that a client resumes, wherever it is still read: a server holds the stream for open until then, and may refuse to resume it. A client that has gone may not be known to have.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="lastEvent">The id of the last event that the client says it was given.</param>
    public Task GiveUpAsync(SessionRef session, string lastEvent) => Task.WhenAll(
        _calls.Where(each => session.Kind == "protocol" && each.Key.Session == session.Id && each.Value.HasShown(lastEvent)).Select(each => each.Value.GiveUpAsync()));

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
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A source without a timer holds nothing, and the stream that resumes a call may give it up while it ends.")]
internal sealed class LiveCall((string Session, MessageKey Id) key, Call call)
{
    private const int MaxShown = 64;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly Queue<string> _shown = new();
    private volatile bool _isCancelled;

    public (string Session, MessageKey Id) Key { get; } = key;

    public Call Call { get; } = call;

    /// <summary>Fires when its stream is read on by another request.</summary>
    public CancellationToken GivenUp => _givenUp.Token;

    /// <summary>Done when nothing of its stream is read any more.</summary>
    public TaskCompletionSource HasLeft { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the client has cancelled it.</summary>
    public bool IsCancelled
    {
        get => _isCancelled;
        set => _isCancelled = value;
    }

    /// <summary>Remembers an event that the client was given, and can resume from. The last ones are enough: it names the last that reached it.</summary>
    public void Show(string eventId)
    {
        if (eventId.Length > Exchange.LongestEventId)
        {
            return;
        }

        lock (_shown)
        {
            if (_shown.Count == MaxShown)
            {
                _shown.Dequeue();
            }

            _shown.Enqueue(eventId);
        }
    }

    /// <summary>Whether the client was given an event of this id.</summary>
    public bool HasShown(string eventId)
    {
        lock (_shown)
        {
            return _shown.Contains(eventId);
        }
    }

    /// <summary>Has its stream read no longer.</summary>
    public async Task GiveUpAsync()
    {
        await _givenUp.CancelAsync();
        await HasLeft.Task;
    }
}
