using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Streaming.Kafka;

/// <summary>The door to a ledger in Kafka.</summary>
public static class KafkaLedgerExtensions
{
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds the ledger of <paramref name="options"/> as <see cref="ILedger"/>, <see cref="ILedgerWriter"/>, <see cref="ILedgerReader"/> and <see cref="KafkaLedger"/>,
    /// with its <see cref="LedgerCounters"/>. It opens when it is first asked for, and closes its chains when the container is disposed.
    /// </summary>
    public static IServiceCollection AddKafkaLedger(this IServiceCollection services, KafkaLedgerOptions options)
    {
        services.AddKafkaLedgerReader(options);
        services.TryAddSingleton<LedgerCounters>();
        services.TryAddSingleton<LedgerTelemetry>();
        services.AddSingleton(provider => KafkaLedger.OpenAsync(
            options,
            provider.GetRequiredService<LedgerCounters>(),
            provider.GetRequiredService<KafkaLedgerReader>(),
            provider.GetRequiredService<KafkaTelemetry>(),
            provider.GetRequiredService<LedgerTelemetry>(),
            provider.GetRequiredService<TimeProvider>()).GetAwaiter().GetResult());
        services.AddSingleton<ILedger>(static provider => provider.GetRequiredService<KafkaLedger>());
        services.AddSingleton<ILedgerWriter>(static provider => provider.GetRequiredService<KafkaLedger>());
        services.AddSingleton<ILedgerReader>(static provider => provider.GetRequiredService<KafkaLedger>());
        return services;
    }

    /// <summary>Adds only a <see cref="KafkaLedgerReader"/>, for those who write nothing.</summary>
    public static IServiceCollection AddKafkaLedgerReader(this IServiceCollection services, KafkaLedgerOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<KafkaTelemetry>();
        services.AddMetrics();
        services.TryAddSingleton<SharePartitions>(provider => (role, run, cancellationToken) =>
            new PartitionAssignments(options, role, run, SessionTimeout, provider.GetRequiredService<KafkaTelemetry>(), provider.GetRequiredService<TimeProvider>()).RunAsync(cancellationToken));
        services.TryAddSingleton(provider => new KafkaLedgerReader(options, provider.GetRequiredService<KafkaTelemetry>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
