using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Host.Access;

namespace McpLedger.Host.Running;

/// <summary>A key to make.</summary>
/// <param name="Principal">Whom it authenticates toward servers; null for a key to the API only.</param>
/// <param name="Role">viewer | auditor | admin; null for none.</param>
/// <param name="Teams">Teams of the principal.</param>
/// <param name="Kind">human | service | agent.</param>
/// <param name="Expires">When it stops to work.</param>
internal sealed record KeyRequest(string? Principal, string? Role, IReadOnlyList<string>? Teams, string? Kind, DateTimeOffset? Expires);

/// <summary>A key that was made; the only time its secret is seen.</summary>
internal sealed record KeyMade(string Id, string Secret, string? Principal, string? Role);

/// <summary>API keys over HTTP: <c>/api/v1/keys</c>. A key is in force once its event is durable.</summary>
internal static class KeyEndpoints
{
    private const int LongestName = 128;
    private static readonly string[] Kinds = ["human", "service", "agent"];

    public static void MapKeys(this IEndpointRouteBuilder endpoints)
    {
        var keys = endpoints.MapGroup("/api/v1/keys").WithTags("keys").RequireAuthorization(Roles.Admin);
        keys.MapPost("", CreateAsync).WithName("create-key").WithSummary("Makes an API key; its secret is in this answer and nowhere else").Produces<KeyMade>();
        keys.MapDelete("{id}", RevokeAsync).WithName("revoke-key").WithSummary("Revokes an API key on every replica")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> CreateAsync(KeyRequest request, HttpContext context, ControlLog control, TimeProvider time)
    {
        if (Fault(request, time) is { } fault)
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, fault);
        }

        var (id, sha256, presented) = ApiKey.Create();
        var created = new KeyCreated(id, sha256, request.Principal, request.Role, request.Teams ?? [], request.Kind ?? "human", Actor(context), request.Expires);
        return await control.TryAppendAsync(id, created, CancellationToken.None)
            ? TypedResults.Ok(new KeyMade(id, presented, request.Principal, request.Role))
            : Unavailable;
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext context, ApiKeys keys, ControlLog control)
    {
        if (!await keys.MayRevokeAsync(id, context.RequestAborted))
        {
            return Refusals.Answer(StatusCodes.Status404NotFound, $"There is no key {id} in force.");
        }

        return await control.TryAppendAsync(id, new KeyRevoked(id, Actor(context)), CancellationToken.None) ? TypedResults.NoContent() : Unavailable;
    }

    private static string? Fault(KeyRequest request, TimeProvider time) =>
        request.Principal is null && request.Role is null ? "A key needs a principal (to call servers), a role (to use the API), or both."
        : request.Principal is { } principal && !IsName(principal) ? "A principal's name has 1 to 128 visible characters."
        : request.Principal is "anonymous" ? "'anonymous' is the name of callers without a key."
        : request.Role is { } role && !Roles.All.Contains(role, StringComparer.Ordinal) ? $"A role is one of {string.Join(", ", Roles.All)}."
        : request.Kind is { } kind && !Kinds.Contains(kind, StringComparer.Ordinal) ? $"A kind is one of {string.Join(", ", Kinds)}."
        : request.Teams is { } teams && (teams.Count > 50 || teams.Any(t => !IsName(t))) ? "At most 50 teams, of 1 to 128 visible characters each."
        : request.Expires <= time.GetUtcNow() ? "The key would have expired already."
        : null;

    // What is read from JSON may hold null in spite of its type.
    private static bool IsName(string? name) => name is { Length: > 0 and <= LongestName } && !name.AsSpan().ContainsAnyInRange('\0', ' ') && !name.Contains('*', StringComparison.Ordinal);

    internal static string Actor(HttpContext context) => context.User.Identity?.Name ?? "unknown";

    internal static IResult Unavailable => Refusals.Answer(StatusCodes.Status503ServiceUnavailable, "The ledger cannot record this now, so it was not done. Try again.");
}
