using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Stages.Detection;

/// <summary>Registers the detection stage.</summary>
public static class DetectionExtensions
{
    /// <summary>
    /// Watches the calls of the ledger that <see cref="ILedgerReader"/> and <see cref="ILedgerWriter"/> stand for. Needs both, an <see cref="IBlobStore"/>, a
    /// <see cref="Streaming.Parking.IParkingLot"/>, a <see cref="TimeProvider"/>, logging and metrics. Where a <see cref="SharePartitions"/> is there, it watches the partitions that it is given; else all.
    /// </summary>
    public static IServiceCollection AddDetection(this IServiceCollection services, DetectionOptions options)
    {
        services.TryAddSingleton<ConsumerTelemetry>();
        services.TryAddSingleton<DetectionTelemetry>();
        services.TryAddSingleton<RunningConsumers>();
        services.TryAddSingleton(static provider => PartitionShares.All(provider.GetRequiredService<ILedgerReader>()));
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<DetectionService>(provider, options));
        return services;
    }
}
