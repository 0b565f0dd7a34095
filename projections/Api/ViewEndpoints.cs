using System.ComponentModel;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace McpLedger.Projections.Api;

/// <summary>Calls, sessions, principals, tools, and who keeps the ledger.</summary>
internal static class ViewEndpoints
{
    private const string SeeSearch = "Search for what you know of it: /api/v1/search.";

    public static void MapViews(this IEndpointRouteBuilder api)
    {
        var views = api.MapGroup("").RequireAuthorization(LedgerApi.Viewer);
        views.MapGet("/calls", CallsAsync).WithName("calls").WithTags("calls").WithSummary("Lists calls, newest first").ProducesProblem(StatusCodes.Status400BadRequest);
        views.MapGet("/calls/{id}", CallAsync).WithName("call").WithTags("calls").WithSummary("A call, its events, and what was relayed on the way").ProducesProblem(StatusCodes.Status404NotFound);
        views.MapGet("/sessions", SessionsAsync).WithName("sessions").WithTags("sessions").WithSummary("Lists sessions, the last active first").ProducesProblem(StatusCodes.Status400BadRequest);
        views.MapGet("/sessions/{id}", SessionAsync).WithName("session").WithTags("sessions").WithSummary("A session and its calls, as they are or as they were at a time")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        views.MapGet("/principals", PrincipalsAsync).WithName("principals").WithTags("principals").WithSummary("Lists principals, the last active first").ProducesProblem(StatusCodes.Status400BadRequest);
        views.MapGet("/tools", ToolsAsync).WithName("tools").WithTags("tools").WithSummary("Lists the tool catalogue, with the instructions of servers under the name :instructions")
            .WithDescription("By server and name; what was called and never listed comes last.").ProducesProblem(StatusCodes.Status400BadRequest);
        views.MapGet("/tools/{server}/{tool}", ToolAsync).WithName("tool").WithTags("tools").WithSummary("A tool and the history of its definition").ProducesProblem(StatusCodes.Status404NotFound);
        views.MapGet("/tools/{server}/{tool}/diff", DiffAsync).WithName("tool-diff").WithTags("tools").WithSummary("What changed in a tool's definition, field by field, oldest first")
            .ProducesProblem(StatusCodes.Status404NotFound);
        views.MapGet("/findings", FindingsAsync).WithName("findings").WithTags("findings").WithSummary("Lists what detectors found, newest first").ProducesProblem(StatusCodes.Status400BadRequest);
        views.MapGet("/findings/{id}", FindingAsync).WithName("finding").WithTags("findings").WithSummary("A finding, and what an analyst made of it").ProducesProblem(StatusCodes.Status404NotFound);
        views.MapGet("/keys", KeysAsync).WithName("keys").WithTags("ledger").WithSummary("Lists API keys, without their secrets").ProducesProblem(StatusCodes.Status400BadRequest);
        views.MapGet("/partitions", async (LedgerQueries queries, CancellationToken stop) => TypedResults.Ok(await queries.PartitionsAsync(stop)))
            .WithName("partitions").WithTags("ledger").WithSummary("Checkpoints, faults and dropped segments by partition");
        views.MapGet("/writers", WritersAsync).WithName("writers").WithTags("ledger").WithSummary("Who writes or wrote to the ledger, the last heard of first").ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static async Task<Results<Ok<ViewPage<CallView>>, ProblemHttpResult>> CallsAsync(
        LedgerQueries queries,
        CancellationToken cancellationToken,
        string? session = null,
        string? server = null,
        string? method = null,
        string? name = null,
        string? principal = null,
        [Description("unresolved | refused | ok | tool-error | protocol-error | upstream-failed | cancelled | client-gone")] string? outcome = null,
        DateTimeOffset? from = null,
        DateTimeOffset? to = null,
        int limit = 50,
        string? cursor = null)
    {
        var filter = new CallFilter
        {
            Session = session, Server = server, Method = method, Name = name, Principal = principal, Outcome = outcome, From = from, To = to, Limit = limit, Cursor = cursor,
        };
        return Page(await queries.CallsAsync(filter, cancellationToken));
    }

    private static async Task<Results<Ok<CallDetail>, ProblemHttpResult>> CallAsync(LedgerQueries queries, Access access, string id, CancellationToken cancellationToken)
    {
        if (!await access.TryRecordAsync("read", $"call {id}", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        return EventId.TryParse(id, out var call) && await queries.CallAsync(call, cancellationToken) is { } detail ? TypedResults.Ok(detail) : Problems.NotFound("call of that id", SeeSearch);
    }

    private static async Task<Results<Ok<ViewPage<SessionView>>, ProblemHttpResult>> SessionsAsync(
        LedgerQueries queries, CancellationToken cancellationToken, int limit = 50, string? cursor = null) => Page(await queries.SessionsAsync(limit, cursor, cancellationToken));

    private static async Task<Results<Ok<SessionDetail>, ProblemHttpResult>> SessionAsync(
        LedgerQueries queries,
        Access access,
        HttpContext http,
        string id,
        CancellationToken cancellationToken,
        [Description("As it was at this time, ISO 8601; left out: as it is.")] DateTimeOffset? at = null)
    {
        id = RouteText.Of(http, id);
        if (!await access.TryRecordAsync("read", at is { } moment ? $"session {id} at {moment:O}" : $"session {id}", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        var (detail, fault) = at is { } then ? await queries.SessionAtAsync(id, then, cancellationToken) : new(await queries.SessionAsync(id, cancellationToken), null);
        return fault is not null ? Problems.Of(fault) : detail is not null ? TypedResults.Ok(detail) : Problems.NotFound("session of that id", SeeSearch);
    }

    private static async Task<Results<Ok<ViewPage<PrincipalView>>, ProblemHttpResult>> PrincipalsAsync(
        LedgerQueries queries, CancellationToken cancellationToken, int limit = 50, string? cursor = null) => Page(await queries.PrincipalsAsync(limit, cursor, cancellationToken));

    private static async Task<Results<Ok<ViewPage<KeyView>>, ProblemHttpResult>> KeysAsync(
        LedgerQueries queries, CancellationToken cancellationToken, int limit = SearchRequest.MostHits, string? cursor = null) => Page(await queries.KeysAsync(limit, cursor, cancellationToken));

    private static async Task<Results<Ok<ViewPage<WriterView>>, ProblemHttpResult>> WritersAsync(
        LedgerQueries queries, CancellationToken cancellationToken, int limit = SearchRequest.MostHits, string? cursor = null) => Page(await queries.WritersAsync(limit, cursor, cancellationToken));

    private static async Task<Results<Ok<ViewPage<ToolView>>, ProblemHttpResult>> ToolsAsync(
        LedgerQueries queries,
        CancellationToken cancellationToken,
        string? server = null,
        [Description("Only tools that differ from what was pinned.")] bool changed = false,
        [Description("Only tools that wait for an operator: held, or changed at high risk.")] bool withheld = false,
        int limit = SearchRequest.MostHits,
        string? cursor = null) =>
        Page(await queries.ToolsAsync(new() { Server = server, Changed = changed, Withheld = withheld, Limit = limit, Cursor = cursor }, cancellationToken));

    private static async Task<Results<Ok<ToolView>, ProblemHttpResult>> ToolAsync(LedgerQueries queries, HttpContext http, string server, string tool, CancellationToken cancellationToken) =>
        await queries.ToolAsync(server, RouteText.Of(http, tool), cancellationToken) is { } view ? TypedResults.Ok(view) : Problems.NotFound("tool of that name", "GET /api/v1/tools lists them.");

    private static async Task<Results<Ok<IReadOnlyList<DefinitionStep>>, ProblemHttpResult>> DiffAsync(
        LedgerQueries queries, HttpContext http, string server, string tool, CancellationToken cancellationToken) =>
        await queries.ToolAsync(server, RouteText.Of(http, tool), cancellationToken) is { } view
            ? TypedResults.Ok<IReadOnlyList<DefinitionStep>>([.. view.History.Where(s => s.Step == "changed")])
            : Problems.NotFound("tool of that name", "GET /api/v1/tools lists them.");

    private static async Task<Results<Ok<ViewPage<FindingView>>, ProblemHttpResult>> FindingsAsync(
        LedgerQueries queries,
        PayloadAccess payloads,
        CancellationToken cancellationToken,
        [Description("open | confirmed | rejected")] string? state = null,
        [Description("Only this detector's, such as injection, loop or hijack.")] string? detector = null,
        [Description("low | medium | high | critical")] string? severity = null,
        string? session = null,
        string? principal = null,
        string? server = null,
        DateTimeOffset? from = null,
        DateTimeOffset? to = null,
        int limit = 50,
        string? cursor = null)
    {
        var filter = new FindingFilter
        {
            State = state, Detector = detector, Severity = severity, Session = session, Principal = principal, Server = server, From = from, To = to, Limit = limit, Cursor = cursor,
        };
        var answer = await queries.FindingsAsync(filter, cancellationToken);
        return answer.Value is not { } page || await payloads.IsGrantedAsync() ? Page(answer) : TypedResults.Ok(page with { Items = [.. page.Items.Select(WithoutText)] });
    }

    private static async Task<Results<Ok<FindingView>, ProblemHttpResult>> FindingAsync(LedgerQueries queries, PayloadAccess payloads, string id, CancellationToken cancellationToken) =>
        EventId.TryParse(id, out var finding) && await queries.FindingAsync(finding, cancellationToken) is { } view
            ? TypedResults.Ok(await payloads.IsGrantedAsync() ? view : WithoutText(view))
            : Problems.NotFound("finding of that id", "GET /api/v1/findings lists them.");

    private static FindingView WithoutText(FindingView view) => view with { Text = null };

    private static Results<Ok<ViewPage<TView>>, ProblemHttpResult> Page<TView>(Answer<ViewPage<TView>> answer) =>
        answer.Fault is { } fault ? Problems.Of(fault) : TypedResults.Ok(answer.Value!);
}
