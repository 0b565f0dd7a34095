using McpLedger.Streaming;

namespace McpLedger.Host.Running;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: it does its work, and if not, why: 503 where a balancer must look elsewhere, else 200 and <c>degraded</c>. Neither says anything a stranger may not know.</summary>
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
        var health = ledger.Health.Status;
        (LedgerStatus Then, string Reason)[] found =
        [
            .. drain.HasBegun ? [(LedgerStatus.Unavailable, "process: it is ending")] : Array.Empty<(LedgerStatus, string)>(),
            .. health == LedgerStatus.Ready ? [] : new[] { (health, $"ledger: {(health == LedgerStatus.Degraded ? "it needs an operator" : "it takes no events now")}; the log of this process says why") },
            .. from check in checks
               let why = check.Why()
               where why is not null
               select (check.Otherwise, $"{check.Name}: {why}"),
        ];
        var isUnavailable = found.Any(f => f.Then == LedgerStatus.Unavailable);
        var reasons = found.Select(f => f.Reason).ToArray();
        return isUnavailable
            ? Results.Json(new Readiness("unavailable", reasons), statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Json(new Readiness(reasons.Length > 0 ? "degraded" : "ready", reasons));
    }

    internal sealed record Readiness(string Status, IReadOnlyList<string> Reasons);
}
