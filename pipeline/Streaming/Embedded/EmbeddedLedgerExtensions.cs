using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Streaming.Embedded;

/// <summary>The door to the embedded ledger.</summary>
public static class EmbeddedLedgerExtensions
{
    /// <summary>
    /// Adds the ledger of <paramref name="options"/> as <see cref="ILedger"/>, <see cref="ILedgerWriter"/>, <see cref="ILedgerReader"/> and <see cref="EmbeddedLedger"/>, with its
    /// <see cref="LedgerCounters"/>. It opens when it is first asked for, and closes its chains when the container is disposed.
    /// </summary>
    public static IServiceCollection AddEmbeddedLedger(this IServiceCollection services, EmbeddedLedgerOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LedgerCounters>();
        services.TryAddSingleton<LedgerTelemetry>();
        services.AddMetrics();
        services.AddSingleton(provider => EmbeddedLedger.OpenAsync(
            options,
            provider.GetRequiredService<LedgerCounters>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<LedgerTelemetry>()).GetAwaiter().GetResult());
        services.AddSingleton<ILedger>(static provider => provider.GetRequiredService<EmbeddedLedger>());
        services.AddSingleton<ILedgerWriter>(static provider => provider.GetRequiredService<EmbeddedLedger>());
        services.AddSingleton<ILedgerReader>(static provider => provider.GetRequiredService<EmbeddedLedger>());
        return services;
    }
}
