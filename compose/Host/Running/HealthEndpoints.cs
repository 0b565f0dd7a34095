using McpLedger.Streaming;

namespace McpLedger.Host.Running;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: it does its work, and if not, why. Neither says anything a stranger may not know.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription();
        endpoints.MapGet("/readyz", Ready).ExcludeFromDescription();
    }

    // The ledger's own reasons name folders, processes and brokers: they are for the log.
    private static IResult Ready(ILedger ledger, IEnumerable<ReadinessCheck> checks, Drain drain)
    {
        var health = ledger.Health;
        string?[] found =
        [
            drain.HasBegun ? "process: it is ending" : null,
            health.Status == LedgerStatus.Unavailable ? "ledger: it takes no events now; the log of this process says why" : null,
            .. checks.Select(c => c.Why() is { } why ? $"{c.Name}: {why}" : null),
        ];
        string[] reasons = [.. found.OfType<string>()];
        return reasons.Length > 0
            ? Results.Json(new Readiness("unavailable", reasons), statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Json(new Readiness(health.Status == LedgerStatus.Degraded ? "degraded" : "ready", health.Status == LedgerStatus.Degraded ? ["ledger: it needs an operator; the log of this process says why"] : []));
    }

    internal sealed record Readiness(string Status, IReadOnlyList<string> Reasons);
}
