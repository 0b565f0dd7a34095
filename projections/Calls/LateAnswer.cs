using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Calls;

/// <summary>Answers that came on a stream of their own, at a gateway that did not know the call: joined to their calls by session and request id when a call is read.</summary>
public sealed record LateAnswers
{
    /// <summary>Id of the session.</summary>
    public required string Session { get; init; }

    /// <summary>JSON-RPC id as raw JSON, as the first of them had it.</summary>
    public required string RequestId { get; init; }

    /// <summary>The first answer, and the first behind each request that has taken the id since; oldest first, the newest 16.</summary>
    public IReadOnlyList<LateAnswer> Answers { get; init; } = [];

    /// <summary>Whether a request of that id began behind the last of them: the next answer is its.</summary>
    public bool Awaited { get; init; }
}

/// <summary>An answer on a stream of its own.</summary>
/// <param name="Outcome">ok | tool-error | protocol-error.</param>
/// <param name="Dropped">Why it was not passed on as it was; null when it was.</param>
/// <param name="Time">When it came.</param>
/// <param name="Event">Id of the <c>message.relayed.v1</c> that holds it.</param>
/// <param name="Bytes">Bytes of the answer.</param>
public sealed record LateAnswer(string Outcome, string? Dropped, DateTimeOffset Time, string Event, long Bytes);

/// <summary>
/// Keeps late answers. Of those to one request the first counts, since a stream that is resumed twice brings them again; one that was there before its request, as a server may send, stands in the way of none.
/// </summary>
internal static class LateAnswerFold
{
    private const int Most = 16;
    private const string Came = "The answer came on a resumed stream.";
    private static readonly HashSet<string> Outcomes = [.. new[] { CallOutcome.Ok, CallOutcome.ToolError, CallOutcome.ProtocolError }.Select(SearchDocuments.NameOf)];

    public static Fold<LateAnswers> Fold { get; } = new("late_answers", Keys, Evolve, ViewJson.Default.LateAnswers);

    /// <summary>The call as the answer to it ends it; itself when it has an end, and when none came.</summary>
    public static async ValueTask<CallView> EndAsync(CallView call, Func<string, ValueTask<LateAnswers?>> find) =>
        call is { Outcome: CallFold.Unresolved, SessionKind: "protocol", RequestId: { } id } && KeyOf(call.Session, id) is { } key
            && (await find(key))?.Answers.FirstOrDefault(a => a.Time >= call.Started) is { } late
            ? call with
            {
                Outcome = late.Outcome,
                Ended = late.Time,
                DurationMicros = (long)(late.Time - call.Started).TotalMicroseconds,
                Status = 200,
                Reason = late.Dropped ?? call.Reason ?? Came,
                ResponseBytes = late.Bytes,
                CompletedEvent = late.Event,
            }
            : call;

    /// <summary>Whether a late answer can give a call this outcome.</summary>
    public static bool MayEndAs(string? outcome) => outcome is not null && Outcomes.Contains(outcome);

    /// <summary>Key of the answers to that id, however it is spelled; null when it is no id.</summary>
    /// <param name="session">Id of the session.</param>
    /// <param name="id">JSON-RPC id as raw JSON.</param>
    public static string? KeyOf(string session, string id) => KeyOf(session, MessageKey.From(RawJson.FromTrusted(Encoding.UTF8.GetBytes(id))));

    private static string? KeyOf(string session, MessageKey? id) => id is { } known ? $"{session} {known}" : null;

    private static string[] Keys(LedgerEvent read) => read.Data switch
    {
        MessageRelayed { Outcome: not null } e => Keys(e.Where.Session, e.What.Id),
        CallIntended e => Keys(e.Where.Session, e.What.Id),
        _ => [],
    };

    private static string[] Keys(SessionRef session, RawJson? id) => session.Kind == "protocol" && KeyOf(session.Id, MessageKey.From(id)) is { } key ? [key] : [];

    private static LateAnswers? Evolve(LateAnswers? view, string key, LedgerEvent read) => read.Data switch
    {
        MessageRelayed { Outcome: { } outcome } e when view is null or { Awaited: true } => (view ?? new() { Session = e.Where.Session.Id, RequestId = e.What.Id!.Value.ToString() }) with
        {
            // What was withheld reached the client as an error, whatever it was.
            Answers = (view?.Answers ?? []).Newest(new(SearchDocuments.NameOf(e.Dropped is null ? outcome : CallOutcome.ProtocolError), e.Dropped, read.Header.Time, read.Header.Id.ToString(), e.Message.Size), Most),
            Awaited = false,
        },
        CallIntended when view is { Awaited: false } => view with { Awaited = true },
        _ => view,
    };
}
