using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Calls;

/// <summary>An answer that came on a stream of its own, at a gateway that did not know the call: joined to it by session and request id when the call is read.</summary>
public sealed record LateAnswer
{
    /// <summary>Id of the session.</summary>
    public required string Session { get; init; }

    /// <summary>JSON-RPC id as raw JSON.</summary>
    public required string RequestId { get; init; }

    /// <summary>ok | tool-error | protocol-error.</summary>
    public required string Outcome { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Id of the <c>message.relayed.v1</c> that holds it.</summary>
    public required string Event { get; init; }

    /// <summary>Bytes of the answer.</summary>
    public required long Bytes { get; init; }
}

/// <summary>Keeps late answers; the first counts, since a stream that is resumed twice brings them again.</summary>
internal static class LateAnswerFold
{
    private const string Came = "The answer came on a resumed stream.";
    private static readonly HashSet<string> Outcomes = [.. new[] { CallOutcome.Ok, CallOutcome.ToolError, CallOutcome.ProtocolError }.Select(SearchDocuments.NameOf)];

    public static Fold<LateAnswer> Fold { get; } = new("late_answers", Keys, Evolve, ViewJson.Default.LateAnswer);

    /// <summary>The call as the answer to it ends it; itself when it has an end, and when none came.</summary>
    public static async ValueTask<CallView> EndAsync(CallView call, Func<string, ValueTask<LateAnswer?>> find) =>
        call is { Outcome: CallFold.Unresolved, SessionKind: "protocol", RequestId: { } id } && await find(KeyOf(call.Session, id)) is { } late && late.Time >= call.Started
            ? call with
            {
                Outcome = late.Outcome,
                Ended = late.Time,
                DurationMicros = (long)(late.Time - call.Started).TotalMicroseconds,
                Status = 200,
                Reason = call.Reason ?? Came,
                ResponseBytes = late.Bytes,
                CompletedEvent = late.Event,
            }
            : call;

    /// <summary>Whether a late answer can give a call this outcome.</summary>
    public static bool MayEndAs(string? outcome) => outcome is not null && Outcomes.Contains(outcome);

    public static string KeyOf(string session, string id) => $"{session} {id}";

    private static IEnumerable<string> Keys(LedgerEvent read) =>
        read.Data is MessageRelayed { Outcome: not null, What.Id: { } id, Where.Session: { Kind: "protocol" } session } ? [KeyOf(session.Id, id.ToString())] : [];

    private static LateAnswer? Evolve(LateAnswer? view, string key, LedgerEvent read) => view is null && read.Data is MessageRelayed { Outcome: { } outcome } e
        ? new()
        {
            Session = e.Where.Session.Id,
            RequestId = e.What.Id!.Value.ToString(),
            Outcome = SearchDocuments.NameOf(outcome),
            Time = read.Header.Time,
            Event = read.Header.Id.ToString(),
            Bytes = e.Message.Size,
        }
        : view;
}
