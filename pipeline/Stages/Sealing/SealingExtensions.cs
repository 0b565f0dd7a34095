using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Stages.Sealing;

/// <summary>Registers the sealing stage.</summary>
public static class SealingExtensions
{
    /// <summary>
    /// Seals the ledger that <see cref="ILedgerReader"/> and <see cref="ILedgerWriter"/> stand for. Needs both, a <see cref="TimeProvider"/>, logging and metrics.
    /// Where a <see cref="SharePartitions"/> is there, it seals the partitions that it is given; else all of them. <see cref="SealingKeys"/> is how the signing key is replaced while it runs, <see cref="SealingHealth"/> says whether it does.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="options">Gives the options; null while the ledger is not open and its origin therefore unknown: it is asked again.</param>
    public static IServiceCollection AddSealing(this IServiceCollection services, Func<IServiceProvider, SealingOptions?> options)
    {
        services.TryAddSingleton<SealingTelemetry>();
        services.TryAddSingleton<SealingHealth>();
        services.TryAddSingleton<SealingKeys>();
        services.TryAddSingleton(static provider => PartitionShares.All(provider.GetRequiredService<ILedgerReader>()));
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<SealingService>(provider, () => options(provider)));
        return services;
    }
}
