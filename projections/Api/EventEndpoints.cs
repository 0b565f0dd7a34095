using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Search.Elastic;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Projections.Api;

/// <summary>Events as they lie in the ledger, payloads included, and what an operator does to the read models.</summary>
internal static class EventEndpoints
{
    private static readonly ProblemHttpResult NoEvent = Problems.NotFound("event of that id", "Search for what you know of it: /api/v1/search.");

    public static void MapEvents(this IEndpointRouteBuilder api)
    {
        var events = api.MapGroup("/events").WithTags("events").RequireAuthorization(LedgerApi.Auditor);
        events.MapGet("/{id}", EventAsync).WithName("event").WithSummary("An event with its payload, and where it lies").ProducesProblem(StatusCodes.Status404NotFound);
        events.MapGet("/{id}/raw", RawAsync).WithName("event-raw").WithSummary("The exact stored bytes of an event, which proofs are over")
            .Produces<JsonElement>(StatusCodes.Status200OK, "application/cloudevents+json").ProducesProblem(StatusCodes.Status404NotFound);
        var projections = api.MapGroup("/projections").WithTags("projections");
        projections.MapGet("", async (LedgerQueries queries, CancellationToken stop) => TypedResults.Ok(await queries.StatusAsync(stop)))
            .WithName("projections").WithSummary("How far the read models are behind the ledger").RequireAuthorization(LedgerApi.Viewer);
        projections.MapGet("/parked", ParkedAsync)
            .WithName("projections-parked").WithSummary("Records that could not be folded or indexed").RequireAuthorization(LedgerApi.Auditor);
        projections.MapPost("/parked/replay", ReplayAsync).WithName("projections-replay")
            .WithSummary("Folds parked records once more; those that can be read now take effect and are parked no longer").RequireAuthorization(LedgerApi.Admin);
        projections.MapPost("/rebuild", RebuildAsync).WithName("rebuild").WithSummary("Folds the whole log anew and compares the rows; goes on when who asked is gone, and whoever asks meanwhile gets the same answer").RequireAuthorization(LedgerApi.Admin);
        projections.MapPost("/index/rebuild", ReindexAsync).WithName("rebuild-index").WithSummary("Builds the search engine's index anew from the log beside the one in force; goes on when who asked is gone, and whoever asks meanwhile gets the same answer")
            .ProducesProblem(StatusCodes.Status404NotFound).RequireAuthorization(LedgerApi.Admin);
    }

    private static async Task<Results<Ok<EventDetail>, ProblemHttpResult>> EventAsync(LedgerQueries queries, Access access, string id, CancellationToken cancellationToken)
    {
        if (!await access.TryRecordAsync("read", $"event {id}", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        if (!EventId.TryParse(id, out var read) || await queries.EventAsync(read, cancellationToken) is not { } hit)
        {
            return NoEvent;
        }

        return TypedResults.Ok(new EventDetail(hit, (await queries.EventBytesAsync(read, cancellationToken))?.ToArray()));
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> RawAsync(LedgerQueries queries, Access access, string id, CancellationToken cancellationToken)
    {
        if (!await access.TryRecordAsync("read", $"event {id} raw", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        return EventId.TryParse(id, out var read) && await queries.EventBytesAsync(read, cancellationToken) is { } bytes
            ? TypedResults.Bytes(bytes, "application/cloudevents+json")
            : NoEvent;
    }

    private static async Task<Results<Ok<RebuildAnswer>, ProblemHttpResult>> RebuildAsync(ProjectionAdmin admin, Access access, CancellationToken cancellationToken)
    {
        if (!await access.TryRecordAsync("rebuild", "read models", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        try
        {
            return TypedResults.Ok(RebuildAnswer.Of(await admin.RebuildAsync(cancellationToken)));
        }
        catch (IOException e)
        {
            return Problems.Busy(e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Problems.Busy("The instance is ending; the read models stay as they were.");
        }
    }

    private static async Task<Results<Ok<IndexAnswer>, ProblemHttpResult>> ReindexAsync(HttpContext http, Access access, CancellationToken cancellationToken)
    {
        if (http.RequestServices.GetService<SearchIndexAdmin>() is not { } admin)
        {
            return Problems.NotFound("search engine in this configuration", "Rebuild the read models: here the index is a part of them.");
        }

        if (!await access.TryRecordAsync("rebuild", "search index", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        try
        {
            var report = await admin.ReindexAsync(cancellationToken);
            return TypedResults.Ok(new IndexAnswer(report.Generation, report.Events, report.Refused, report.Took.TotalSeconds));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Problems.Busy("The instance is ending; the index stays as it was.");
        }
    }

    private static async Task<Results<Ok<IReadOnlyList<ParkedLine>>, ProblemHttpResult>> ParkedAsync(ProjectionAdmin admin, CancellationToken cancellationToken)
    {
        try
        {
            var parked = await admin.ParkedAsync(cancellationToken);
            return TypedResults.Ok<IReadOnlyList<ParkedLine>>([.. parked.Select(p => new ParkedLine(p.Consumer, p.Partition.ToString(), p.Offset, p.Parked, p.Sha256.ToString(), p.Reason))]);
        }
        catch (IOException e)
        {
            return Problems.Busy(e.Message);
        }
    }

    private static async Task<Results<Ok<ReplayReport>, ProblemHttpResult>> ReplayAsync(ProjectionAdmin admin, Access access, CancellationToken cancellationToken)
    {
        if (!await access.TryRecordAsync("replay", "parked records of the read models", cancellationToken))
        {
            return Problems.Unrecorded();
        }

        try
        {
            return TypedResults.Ok(await admin.ReplayAsync(cancellationToken));
        }
        catch (IOException e)
        {
            return Problems.Busy(e.Message);
        }
    }
}
