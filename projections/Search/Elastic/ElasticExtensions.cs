using McpLedger.Streaming.Consuming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>The door to Elasticsearch and OpenSearch.</summary>
public static class ElasticExtensions
{
    /// <summary>Name of the consumers: of their parked records and in their metrics.</summary>
    public const string ConsumerName = "search";

    /// <summary>
    /// Adds the engine's index in the place of the one beside the views, the consumers that keep it, its retention and <see cref="SearchIndexAdmin"/>.
    /// Called after the home is added. An <c>ILedgerReader</c>, an <c>IBlobStore</c> and an <c>IParkingLot</c> must be there too.
    /// </summary>
    /// <exception cref="ArgumentException">The options cannot be as they are; the message says all that is wrong.</exception>
    public static IServiceCollection AddElasticIndex(this IServiceCollection services, ElasticOptions options)
    {
        if (options.Faults() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(new ElasticNames(options.Prefix));
        services.AddSingleton<ElasticTelemetry>();
        services.AddSingleton<ElasticClient>();
        services.AddSingleton<ElasticState>();
        services.AddSingleton<BulkWriter>();
        services.AddSingleton<ElasticHandler>();
        services.AddSingleton<ElasticReindex>();
        services.AddSingleton<ElasticDigest>();
        services.AddSingleton<SearchIndexAdmin>();
        services.RemoveAll<IEventIndex>();
        services.AddSingleton<IEventIndex, ElasticIndex>();
        services.AddSingleton<IHostedService, ElasticRetention>();
        foreach (var partition in options.Partitions)
        {
            services.AddPartitionConsumer(
                new() { Name = ConsumerName, MaxBatchBytes = options.MaxBatchBytes, Gathering = options.Gathering, IsShared = true },
                partition,
                provider => provider.GetRequiredService<ElasticHandler>());
        }

        return services;
    }
}
