using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Calls;

/// <summary>Pairs the request of a call with its outcome. An intent without an outcome stays <c>unresolved</c>: a fact, not an error.</summary>
internal static class CallFold
{
    public const string Unresolved = "unresolved";
    public const string Refused = "refused";

    public static Fold<CallView> Fold { get; } = new("calls", Keys, Evolve, ViewJson.Default.CallView);

    private static IEnumerable<string> Keys(LedgerEvent read) => read.Data switch
    {
        CallIntended e => [e.Call.ToString()],
        CallRefused e => [e.Call.ToString()],
        CallCompleted e => [e.Call.ToString()],
        MessageRelayed { Call: { } call } => [call.ToString()],
        _ => [],
    };

    private static CallView? Evolve(CallView? view, string key, LedgerEvent read) => read.Data switch
    {
        CallIntended e => Decided(view ?? Opened(key, read, e.Who, e.What, e.Where), e.Decision) with
        {
            Started = read.Header.Time,
            Reason = view?.Reason ?? e.Decision.Reason,
            RequestBytes = e.Request.Size,
            IntendedEvent = read.Header.Id.ToString(),
        },
        CallRefused e => Decided(view ?? Opened(key, read, e.Who, e.What, e.Where), e.Decision) with
        {
            Outcome = Refused,
            Ended = read.Header.Time,
            Status = e.Status,
            Code = e.Code,
            RequestBytes = e.Request.Size,
            RefusedEvent = read.Header.Id.ToString(),
        },
        CallCompleted e => (view ?? Opened(key, read, e.Who, e.What, e.Where)) with
        {
            Outcome = SearchDocuments.NameOf(e.Outcome),
            Ended = read.Header.Time,
            DurationMicros = e.DurationMicros,
            Status = e.Status,
            Code = e.Code,
            Reason = e.Reason ?? view?.Reason,
            Upstream = e.Where.Upstream ?? view?.Upstream,
            ResponseBytes = e.Stream?.Bytes ?? e.Response?.Size,
            CompletedEvent = read.Header.Id.ToString(),
        },

        // A message is no call: one whose intent is not kept any more makes none.
        MessageRelayed when view is not null => view with { Messages = view.Messages + 1 },
        _ => view,
    };

    private static CallView Decided(CallView view, DecisionRecord decision) => view with
    {
        Verdict = decision.Verdict == Verdict.Forwarded ? "forwarded" : "refused",
        Rules = decision.Rules,
        Policy = decision.Policy?.ToString(),
        Reason = decision.Reason,
    };

    private static CallView Opened(string key, LedgerEvent read, Caller who, CallTarget what, Place where) => new()
    {
        Call = key,
        Outcome = Unresolved,
        Started = read.Header.Time,
        Principal = who.Principal,
        Kind = who.Kind,
        Teams = who.Teams,
        Authentication = who.Authentication,
        Agent = who.Agent,
        Client = who.Client,
        Server = what.Server,
        Method = what.Method,
        Name = what.Name,
        RequestId = what.Id?.ToString(),
        Era = what.Era,
        Protocol = what.Protocol,
        Definition = what.Definition?.ToString(),
        Verdict = "forwarded",
        Session = where.Session.Id,
        SessionKind = where.Session.Kind,
        Peer = where.Peer,
        Trace = where.Trace,
        Upstream = where.Upstream,
    };
}
