using McpLedger.Contracts.Events;
using McpLedger.Host.Access;

namespace McpLedger.Host.Running;

/// <summary><c>/api/v1/damage</c>: what cannot be read, and accepting it.</summary>
internal static class DamageEndpoints
{
    public static void MapDamage(this IEndpointRouteBuilder endpoints)
    {
        var damage = endpoints.MapGroup("/api/v1/damage").WithTags("ledger");
        damage.MapGet("", List).WithName("damage").WithSummary("Stretches of the log in which no record can be read, and which nobody accepted")
            .WithDescription("Reads the whole log.").Produces<IReadOnlyList<DamageLine>>().RequireAuthorization(Roles.Auditor);
        damage.MapPost("/accept", AcceptAsync).WithName("accept-damage").WithSummary("Accepts a damaged stretch, so that the sealer and every reader go on behind it")
            .WithDescription("Recorded as damage.accepted.v1. What stood there is lost; verification goes on saying so.")
            .Produces<DamageLine>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).RequireAuthorization(Roles.Admin);
    }

    private static async Task<IResult> List(HttpContext context, DamageDesk desk, ControlLog control)
    {
        if (!await control.TryAppendAsync(null, new AccessGranted(KeyEndpoints.Actor(context), "damage", "list"), CancellationToken.None))
        {
            return KeyEndpoints.Unavailable;
        }

        try
        {
            return Results.Json(await Task.Run(() => desk.List(context.RequestAborted)));
        }
        catch (IOException e)
        {
            return Refusals.Answer(StatusCodes.Status503ServiceUnavailable, e.Message);
        }
    }

    private static async Task<IResult> AcceptAsync(DamageAcceptance request, HttpContext context, DamageDesk desk)
    {
        try
        {
            var (line, status, fault) = await Task.Run(() => desk.AcceptAsync(request, KeyEndpoints.Actor(context), context.RequestAborted));
            return line is null ? Refusals.Answer(status, fault!) : Results.Json(line);
        }
        catch (IOException e)
        {
            return Refusals.Answer(StatusCodes.Status503ServiceUnavailable, e.Message);
        }
    }
}
