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
    }

    /// <summary>What there was to see: the last calls that had begun, newest first.</summary>
    public SessionDetail? Detail() => Session is null ? null : new(
        Session,
        new([.. _calls.Values.OrderByDescending(c => c.Started).ThenByDescending(c => c.Call, StringComparer.Ordinal).Take(SearchRequest.MostHits)], null));
}
