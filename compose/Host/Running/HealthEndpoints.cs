using McpLedger.Gateway;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Host.Running;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: it can take calls, and if not, why. Neither says anything a stranger may not know.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription();
        endpoints.MapGet("/readyz", Ready).ExcludeFromDescription();
    }

    private static IResult Ready(EmbeddedLedger ledger, GatewayReadiness gateway)
    {
        var health = ledger.Health;
        string[] reasons = [.. new[] { health.Status == LedgerStatus.Unavailable ? $"ledger: {health.Reason}" : null, gateway.Check() is { } why ? $"gateway: {why}" : null }.OfType<string>()];
        return reasons.Length > 0
            ? Results.Json(new Readiness("unavailable", reasons), statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Json(new Readiness(health.Status == LedgerStatus.Degraded ? "degraded" : "ready", health.Reason is null ? [] : [$"ledger: {health.Reason}"]));
    }

    internal sealed record Readiness(string Status, IReadOnlyList<string> Reasons);
}
