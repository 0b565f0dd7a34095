using System.ComponentModel;
using System.Security.Claims;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Search;
using McpLedger.Projections.Tail;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Projections.Api;

/// <summary>Search, its fields, and the live tail.</summary>
internal static class SearchEndpoints
{
    public static void MapSearch(this IEndpointRouteBuilder api)
    {
        api.MapGet("/search", SearchAsync).WithName("search").WithTags("search").RequireAuthorization(LedgerApi.Viewer)
            .WithSummary("Searches events, newest first")
            .WithDescription("Hits, and how many there are, with facets and a histogram over time; `basis` says whether those are exact. Fields are for everybody who may search; words and phrases, `text:` too, are those of payloads, `hash:` is the digest of one, and they need the role `auditor`.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/fields", () => TypedResults.Ok<IReadOnlyList<FieldLine>>(
                [.. FieldCatalog.Fields.Select(f => new FieldLine(f.Name, f.Kind.ToString().ToLowerInvariant(), f.Meaning, f.Aliases))]))
            .WithName("fields").WithTags("search").RequireAuthorization(LedgerApi.Viewer).WithSummary("Lists the fields of the query language");
        api.MapGet("/tail", TailAsync).WithName("tail").WithTags("search").RequireAuthorization(LedgerApi.Viewer)
            .WithSummary("Follows the ledger as server-sent events")
            .WithDescription("First an event `following` without data, then an event `event` for each hit; its id resumes behind it when it is sent back as Last-Event-ID. An event `alive` without data comes after 20 seconds of silence. An event `ended` with a `reason` and a `fix` is the last: the log is damaged there, or the key was revoked or expired. Words, phrases and `hash:` in the query need the role `auditor`, as in a search.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Results<Ok<SearchPage>, ProblemHttpResult>> SearchAsync(
        LedgerQueries queries,
        Access access,
        PayloadAccess payloads,
        CancellationToken cancellationToken,
        [Description("The query; see /api/v1/fields. Empty asks for everything.")] string q = "",
        [Description("Earliest time, ISO 8601.")] DateTimeOffset? from = null,
        [Description("Latest time, ISO 8601.")] DateTimeOffset? to = null,
        [Description("Hits of a page, 1 to 200.")] int limit = 50,
        [Description("The cursor of the page before.")] string? cursor = null,
        [Description("Whether heartbeats, checkpoints and writers' starts and stops are among the hits.")] bool housekeeping = false,
        [Description("Whether total, facets and histogram are wanted.")] bool summary = true)
    {
        if (await payloads.RefusalOfAsync(q) is { } refusal)
        {
            return refusal;
        }

        if (!await access.TryRecordAsync("search", q, cancellationToken))
        {
            return Problems.Unrecorded();
        }

        var request = new SearchRequest { Query = q, From = from, To = to, Limit = limit, Cursor = cursor, Housekeeping = housekeeping, Summary = summary };
        var (page, fault) = await queries.SearchAsync(request, cancellationToken);
        return page is null ? Problems.Of(fault!) : TypedResults.Ok(page);
    }

    private static async Task<Results<ServerSentEventsResult<object?>, ProblemHttpResult>> TailAsync(
        LedgerTail tail,
        Access access,
        AccessCheck check,
        PayloadAccess payloads,
        ClaimsPrincipal user,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken,
        [Description("The query; empty follows everything.")] string q = "",
        [Description("Whether heartbeats, checkpoints and writers' starts and stops are followed too.")] bool housekeeping = false,
        [FromHeader(Name = "Last-Event-ID")] string? after = null)
    {
        if (await payloads.RefusalOfAsync(q) is { } refusal)
        {
            return refusal;
        }

        var (start, fault) = await tail.StartAsync(q, housekeeping, after, cancellationToken);
        return start is null ? Problems.Of(fault!)
            : !await access.TryRecordAsync("tail", q, cancellationToken) ? Problems.Unrecorded()
            : tail.TryFollow(start, () => check.IsAdmitted(user), lifetime.ApplicationStopping) is { } events ? TypedResults.ServerSentEvents(events)
            : Problems.Busy($"{LedgerTail.Most} follow already.");
    }
}
