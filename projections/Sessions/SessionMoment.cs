using McpLedger.Contracts.Events;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Search;

namespace McpLedger.Projections.Sessions;

/// <summary>A session and its calls as they were: the same folds over its events up to a moment.</summary>
internal sealed class SessionMoment
{
    /// <summary>Most events that are folded for one question.</summary>
    public const int MostEvents = 20_000;

    private readonly Dictionary<string, CallView> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LateAnswers> _late = new(StringComparer.Ordinal);

    /// <summary>The session; null when nothing had happened.</summary>
    public SessionView? Session { get; private set; }

    /// <summary>The event is the next one of this session.</summary>
    public void Apply(LedgerEvent read)
    {
        foreach (var key in SessionFold.Fold.Keys(read))
        {
            Session = SessionFold.Fold.Evolve(Session, key, read);
        }

        foreach (var key in CallFold.Fold.Keys(read))
        {
            if (CallFold.Fold.Evolve(_calls.GetValueOrDefault(key), key, read) is { } call)
            {
                _calls[key] = call;
            }
        }

        foreach (var key in LateAnswerFold.Fold.Keys(read))
        {
            if (LateAnswerFold.Fold.Evolve(_late.GetValueOrDefault(key), key, read) is { } late)
            {
                _late[key] = late;
            }
        }
    }

    /// <summary>What there was to see: the last calls that had begun, newest first; null when nothing had happened.</summary>
    /// <param name="at">The moment.</param>
    /// <param name="find">Finds a call as it is: one that goes from one session into another is not told by the events of either.</param>
    public async ValueTask<SessionDetail?> DetailAsync(DateTimeOffset at, Func<string, ValueTask<CallView?>> find)
    {
        if (Session is null)
        {
            return null;
        }

        var calls = new List<CallView>();
        foreach (var call in _calls.Values.OrderByDescending(c => c.Started).ThenByDescending(c => c.Call, StringComparer.Ordinal))
        {
            if (calls.Count == SearchRequest.MostHits)
            {
                break;
            }

            if (await OwnAsync(call, at, find) is { } own)
            {
                calls.Add(await LateAnswerFold.EndAsync(own, key => new(_late.GetValueOrDefault(key))));
            }
        }

        return new(Session, new(calls, null));
    }

    // An initialize begins in the actor's session and ends in the one that it opened: it is the actor's, with the end that it had.
    private static async ValueTask<CallView?> OwnAsync(CallView call, DateTimeOffset at, Func<string, ValueTask<CallView?>> find)
    {
        if (call.Method != SessionFold.Initialize || (call.IntendedEvent is not null && call.Outcome != CallFold.Unresolved) || await find(call.Call) is not { } whole)
        {
            return call;
        }

        return whole.Session != call.Session ? null : whole.Ended <= at ? whole : call;
    }
}
