using McpLedger.Contracts.Events;
using McpLedger.Host.Access;

namespace McpLedger.Host.Running;

/// <summary><c>POST /api/v1/reload</c>: takes the changed configuration file.</summary>
internal static class ReloadEndpoints
{
    public static void MapReload(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/v1/reload", ReloadAsync).WithTags("configuration").WithName("reload")
            .WithSummary("Takes the changed configuration file").WithDescription("409 with every error when the file does not hold: the old one stays in force.")
            .Produces<ReloadOutcome>().Produces<ReloadOutcome>(StatusCodes.Status409Conflict).RequireAuthorization(Roles.Admin);

    /// <summary>Answers for roles that take no configuration anew: whoever asks hears who does.</summary>
    public static void MapNoReload(this IEndpointRouteBuilder endpoints, HostRoles roles) => endpoints.MapPost("/api/v1/reload", () => Refusals.Answer(
        StatusCodes.Status404NotFound,
        $"The role '{roles.Written()}' takes a changed configuration when it starts, and no reload. Fix: restart it; or ask a gateway, each of which takes its own: on its machine, or with --api and its address.")).ExcludeFromDescription().RequireAuthorization(Roles.Admin);

    private static async Task<IResult> ReloadAsync(HttpContext context, ConfigReload reload, ControlLog control)
    {
        var actor = KeyEndpoints.Actor(context);
        if (!await control.TryAppendAsync(null, new AccessGranted(actor, "reload", reload.Current.Path), CancellationToken.None))
        {
            return KeyEndpoints.Unavailable;
        }

        var outcome = await reload.ReloadAsync(actor, CancellationToken.None);
        return outcome.IsUnrecordable ? KeyEndpoints.Unavailable : Results.Json(outcome, statusCode: outcome.InForce ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }
}
