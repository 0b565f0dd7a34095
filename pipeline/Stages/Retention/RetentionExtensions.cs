using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Stages.Retention;

/// <summary>Registers the retention stage.</summary>
public static class RetentionExtensions
{
    /// <summary>Drops what the policy says from the embedded ledger. Needs that ledger, a <see cref="TimeProvider"/>, logging and metrics.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">Gives the options; null while the ledger is not open: it is asked again.</param>
    /// <param name="forget">Makes read models forget.</param>
    public static IServiceCollection AddRetention(this IServiceCollection services, Func<IServiceProvider, RetentionOptions?> options, Func<IServiceProvider, ForgetBefore> forget)
    {
        services.TryAddSingleton<RetentionTelemetry>();
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<RetentionService>(provider, () => options(provider), forget(provider)));
        return services;
    }
}
