using McpLedger.Host.Running;
using McpLedger.Projections.Api;
using McpLedger.Streaming;
using Microsoft.AspNetCore.Authentication;

namespace McpLedger.Host.Access;

/// <summary>The door to access control.</summary>
internal static class AccessExtensions
{
    /// <summary>Adds tokens and the policies <c>viewer</c>, <c>auditor</c> and <c>admin</c>.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services, AdminToken admin, TimeSpan staleAfter)
    {
        services.AddSingleton(admin);
        services.AddSingleton<AccessTelemetry>();
        services.AddSingleton(p => new ApiKeys(p.GetRequiredService<ILedgerReader>(), p.GetRequiredService<AccessTelemetry>(), staleAfter, p.GetRequiredService<TimeProvider>()));
        services.AddHostedService(p => p.GetRequiredService<ApiKeys>());
        services.AddSingleton(p => new AccessCheck(p.GetRequiredService<ApiKeys>().Admits));
        services.AddSingleton(p => new ReadinessCheck("keys", LedgerStatus.Unavailable, p.GetRequiredService<ApiKeys>().Check));
        services.AddAuthentication(TokenAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var role in Roles.All)
        {
            authorization.AddPolicy(role, p => p.RequireRole(role));
        }

        return services;
    }
}
