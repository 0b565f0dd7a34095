using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace McpLedger.Host.Access;

/// <summary>
/// Who may use the API: the admin token, or an API key with a role. Only the Authorization header counts: a token in a URL ends up in logs and histories,
/// so a request that carries one there is turned away even when the header is right.
/// </summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    AdminToken admin,
    ApiKeys keys,
    TimeProvider time,
    AccessTelemetry telemetry) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "McpLedger";

    /// <summary>The id of the key that somebody came in with; the admin token has none.</summary>
    public const string KeyClaim = "mcpledger:key";

    private const string Bearer = "Bearer ";
    private static readonly string[] QueryNames = ["access_token", "token", "api_key", "key"];

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (QueryNames.Any(Request.Query.ContainsKey))
        {
            return Fail("a token stands in the URL");
        }

        var header = Request.Headers.Authorization;
        if (header.Count == 0)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var value = header.Count == 1 ? header[0] ?? "" : "";
        if (!value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return Fail("the Authorization header is no single bearer token");
        }

        var presented = value.AsSpan(Bearer.Length).Trim();
        if (admin.Matches(presented))
        {
            return Admit("admin-token", Roles.Admin, []);
        }

        return keys.Ring.Match(presented, time.GetUtcNow()) is not { } key ? Fail("the token is unknown, revoked or expired")
            : key.Role is null ? Fail($"the key {key.Key} has no role toward the API")
            : Admit(key.Principal ?? $"key:{key.Key}", key.Role, [new(KeyClaim, key.Key)]);
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // Here and not where the token is read: every request comes by there, also of clients whose key is for servers.
        if ((await HandleAuthenticateOnceSafeAsync()).Failure is { } failure)
        {
            telemetry.TurnedAway(Peer, Request.Path, failure.Message);
        }

        Response.Headers.WWWAuthenticate = "Bearer realm=\"mcpledger\"";
        await Refusals.WriteAsync(Response, StatusCodes.Status401Unauthorized, "This needs a token: Authorization: Bearer …. The admin token is in access/admin.token of the data folder; keys come from 'mcpledger keys create --role'.");
    }

    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        telemetry.TurnedAway(Peer, Request.Path, "the role is not enough");
        await Refusals.WriteAsync(Response, StatusCodes.Status403Forbidden, "The role of this token is not enough for that.");
    }

    private string Peer => Context.Connection.RemoteIpAddress?.ToString() ?? "unknown";

    private static Task<AuthenticateResult> Fail(string reason) => Task.FromResult(AuthenticateResult.Fail(reason));

    private Task<AuthenticateResult> Admit(string name, string role, IEnumerable<Claim> more)
    {
        var identity = new ClaimsIdentity([new(ClaimTypes.Name, name), .. more, .. Roles.Including(role).Select(r => new Claim(ClaimTypes.Role, r))], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new(identity), Scheme.Name)));
    }
}
