using McpLedger.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Stages.Sealing;

/// <summary>Registers the sealing stage.</summary>
public static class SealingExtensions
{
    /// <summary>Seals the ledger that <see cref="ILedgerReader"/> and <see cref="ILedgerWriter"/> stand for. Needs both, a <see cref="TimeProvider"/>, logging and metrics.</summary>
    public static IServiceCollection AddSealing(this IServiceCollection services, SealingOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton<SealingTelemetry>();
        services.TryAddSingleton(static p => SigningKeyStore.Open(p.GetRequiredService<SealingOptions>(), p.GetRequiredService<ILedgerReader>().Partitions));
        services.AddHostedService<SealingService>();
        return services;
    }
}
