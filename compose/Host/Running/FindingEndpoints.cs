using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;
using McpLedger.Host.Access;
using McpLedger.Projections;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Running;

/// <summary>What an analyst makes of a finding.</summary>
/// <param name="Verdict">confirmed | rejected.</param>
/// <param name="Note">Why; null for none.</param>
internal sealed record ReviewRequest(string Verdict, string? Note);

/// <summary>A finding that was judged.</summary>
internal sealed record FindingJudged(string Finding, string Verdict, string By);

/// <summary>Who may go on.</summary>
/// <param name="Principal">The principal.</param>
/// <param name="Client">Only what was stopped for this client; null for all.</param>
/// <param name="Session">Only what was stopped for this session; null for all.</param>
/// <param name="Reason">Why; null for none.</param>
internal sealed record ReleaseRequest(string Principal, string? Client, string? Session, string? Reason);

/// <summary>A principal whose release is recorded.</summary>
/// <param name="Principal">The principal.</param>
/// <param name="Client">Only what was stopped for this client; null for all.</param>
/// <param name="Session">Only what was stopped for this session; null for all.</param>
/// <param name="By">Who released it.</param>
/// <param name="WasHeld">Whether a stop or throttle stood that this lifts, as far as this gateway has read; null where that is not known here.</param>
/// <param name="Held">What is lifted and what still holds, in words.</param>
internal sealed record PrincipalFreed(string Principal, string? Client, string? Session, string By, bool? WasHeld, string Held);

/// <summary>Judging findings, and lifting what followed from them: <c>POST /api/v1/findings/{id}/review</c> and <c>/api/v1/principals/release</c>.</summary>
internal static class FindingEndpoints
{
    private const int LongestNote = 2_000;
    private const int LongestName = 256;
    private const int MostShown = 8;

    public static void MapFindings(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/api/v1/findings/{id}/review", ReviewAsync).WithTags("findings").WithName("review-finding")
            .WithSummary("Confirms a finding or rejects it; the last judgement counts, and is a label to train with")
            .Produces<FindingJudged>().ProducesProblem(StatusCodes.Status404NotFound).RequireAuthorization(Roles.Auditor);
        endpoints.MapPost("/api/v1/principals/release", ReleaseAsync).WithTags("principals").WithName("release-principal")
            .WithSummary("Lifts stops and throttles of a principal, at every gateway")
            .WithDescription("It is recorded whatever is held. `held` says what it lifts, what still holds, or that nothing was held, as far as a gateway in this process has read the control log; `wasHeld` is null where none has read it to its end.")
            .Produces<PrincipalFreed>().RequireAuthorization(Roles.Admin);
    }

    private static async Task<IResult> ReviewAsync(string id, ReviewRequest request, HttpContext context, LedgerQueries queries, ControlLog control)
    {
        if (request.Verdict is not (FindingReviewed.Confirmed or FindingReviewed.Rejected))
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, $"The member 'verdict' is '{Shown(request.Verdict)}'. Write {FindingReviewed.Confirmed} or {FindingReviewed.Rejected}.");
        }

        if (request.Note is { Length: > LongestNote })
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, $"The member 'note' has {request.Note.Length} characters. Write at most {LongestNote}.");
        }

        if (!EventId.TryParse(id, out var finding) || await queries.FindingAsync(finding, context.RequestAborted) is null)
        {
            return Refusals.Answer(StatusCodes.Status404NotFound, "There is no finding of that id. GET /api/v1/findings lists them.");
        }

        var actor = KeyEndpoints.Actor(context);
        return await control.TryAppendAsync(id, new FindingReviewed(finding, request.Verdict, actor, request.Note), CancellationToken.None)
            ? Results.Json(new FindingJudged(id, request.Verdict, actor))
            : KeyEndpoints.Unavailable;
    }

    // What a gateway has read may be behind the log, so this tells whoever releases and refuses nobody.
    private static (bool? WasHeld, string Said) HeldUnder(ReleaseRequest request, HeldPrincipals? held)
    {
        if (held?.Of(request.Principal) is not { } scopes)
        {
            return (null, "What was held is not known here: no gateway in this process has read the control log to its end.");
        }

        var lifted = scopes.Where(each => each.IsWithin(request.Client, request.Session)).ToList();
        var rest = scopes.Except(lifted).ToList();
        return (lifted.Count, rest.Count) switch
        {
            (0, 0) => (false, $"Nothing was held under the principal '{Shown(request.Principal)}', as far as this gateway has read."),
            (0, _) => (false, $"Nothing was held under that, as far as this gateway has read. Held is: {Listed(rest)}. Release that, or the principal without a client or session."),
            (_, 0) => (true, $"Lifted: {Listed(lifted)}."),
            _ => (true, $"Lifted: {Listed(lifted)}. Still held: {Listed(rest)}."),
        };
    }

    private static string Listed(List<HeldScope> scopes) => string.Join("; ", scopes.Take(MostShown).Select(Named)) + (scopes.Count > MostShown ? $"; and {scopes.Count - MostShown} more" : "");

    private static string Named(HeldScope scope) => (scope.Client, scope.Session) switch
    {
        (null, null) => "the whole principal",
        ({ } client, null) => $"the client '{Shown(client)}'",
        (null, { } session) => $"the session '{session}'",
        var (client, session) => $"the client '{Shown(client)}' in the session '{session}'",
    };

    internal static async Task<IResult> ReleaseAsync(ReleaseRequest request, HttpContext context, ControlLog control)
    {
        if (string.IsNullOrEmpty(request.Principal) || new[] { request.Principal, request.Client, request.Session }.Any(name => name is { Length: > LongestName }) || request.Reason is { Length: > LongestNote })
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, $"The member 'principal' names who may go on; names have at most {LongestName} characters, 'reason' at most {LongestNote}.");
        }

        // Looked at before the release is in the log, which lifts it.
        var (wasHeld, held) = HeldUnder(request, context.RequestServices.GetService<HeldPrincipals>());
        var actor = KeyEndpoints.Actor(context);
        return await control.TryAppendAsync(request.Principal, new PrincipalReleased(request.Principal, request.Client, request.Session, actor, request.Reason), CancellationToken.None)
            ? Results.Json(new PrincipalFreed(request.Principal, request.Client, request.Session, actor, wasHeld, held))
            : KeyEndpoints.Unavailable;
    }

    private static string Shown(string? text) => text is null ? "missing" : text.Length > 40 ? text[..40] + "…" : text;
}
