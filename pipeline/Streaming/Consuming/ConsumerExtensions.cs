using McpLedger.Contracts.Events;
using McpLedger.Streaming.Parking;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Streaming.Consuming;

/// <summary>The door to consumers.</summary>
public static class ConsumerExtensions
{
    /// <summary>Adds a <see cref="PartitionConsumer"/> that runs as long as the process; all of them can be had as <c>IEnumerable&lt;PartitionConsumer&gt;</c>.</summary>
    /// <param name="services">Where to; an <see cref="ILedgerReader"/> and an <see cref="IParkingLot"/> must be there too.</param>
    /// <param name="options">How to consume.</param>
    /// <param name="partition">What to consume.</param>
    /// <param name="handler">Makes what handles the records.</param>
    public static IServiceCollection AddPartitionConsumer(this IServiceCollection services, ConsumerOptions options, LedgerPartition partition, Func<IServiceProvider, IRecordHandler> handler)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.TryAddSingleton<ConsumerTelemetry>();
        var key = $"{options.Name}/{partition}";
        services.AddKeyedSingleton(key, (provider, _) => new PartitionConsumer(
            options,
            partition,
            provider.GetRequiredService<ILedgerReader>(),
            handler(provider),
            provider.GetRequiredService<IParkingLot>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ConsumerTelemetry>()));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<PartitionConsumer>(key));
        if (!options.IsShared)
        {
            services.AddSingleton<IHostedService>(provider => new ConsumerService(
                options.Name,
                provider.GetRequiredKeyedService<PartitionConsumer>(key).RunAsync,
                provider.GetRequiredService<ConsumerTelemetry>(),
                provider.GetRequiredService<IHostApplicationLifetime>()));
        }
        else if (!services.Any(s => s.ServiceType == typeof(SharedConsumers) && Equals(s.ServiceKey, options.Name)))
        {
            services.TryAddSingleton(static provider => PartitionShares.All(provider.GetRequiredService<ILedgerReader>()));
            services.AddKeyedSingleton(options.Name, (provider, _) => new SharedConsumers(options.Name, provider.GetServices<PartitionConsumer>(), provider.GetRequiredService<SharePartitions>()));
            services.AddSingleton<IHostedService>(provider => new ConsumerService(
                options.Name,
                provider.GetRequiredKeyedService<SharedConsumers>(options.Name).RunAsync,
                provider.GetRequiredService<ConsumerTelemetry>(),
                provider.GetRequiredService<IHostApplicationLifetime>()));
        }

        return services;
    }
}
