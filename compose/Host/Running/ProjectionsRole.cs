using McpLedger.Host.Configuration;
using McpLedger.Projections;
using McpLedger.Projections.Api;
using McpLedger.Projections.Search.Elastic;
using McpLedger.Stages.Retention;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Running;

/// <summary>The projections: read models and index, and the API over them.</summary>
internal static class ProjectionsRole
{
    // Blobs come on a topic of their own, ahead of their events, and this machine may be further behind with them. One that cannot be read on its gateway holds no event up, here no longer than this.
    private static readonly TimeSpan ClaimCheckPatience = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddProjectionsRole(this IServiceCollection services, LoadedConfig config, HostRoles roles, LedgerIdentity identity, BlobTopicConsumer? blobs)
    {
        services.AddProjections();
        services.AddConsumerCheck(ProjectionExtensions.ConsumerName);
        var patience = blobs is null ? TimeSpan.Zero : ClaimCheckPatience;
        if (config.File is { Postgres: not null, Search: not null })
        {
            services.AddMartenHome(StoreMapping.ToMarten(config)).AddElasticIndex(StoreMapping.ToElastic(config) with { ClaimCheckPatience = patience });
            services.AddConsumerCheck(ElasticExtensions.ConsumerName);
        }
        else
        {
            services.AddEmbeddedHome(new() { Folder = Path.Combine(config.DataFolder, "readmodels"), Partitions = KafkaMapping.PartitionsOf(config.File), ClaimCheckPatience = patience });
        }

        if (blobs is not null)
        {
            services.AddHostedService(_ => new BlobFilling(blobs));
            if (!roles.HasFlag(HostRoles.Pipeline) && config.File.Ledger.Retention is not { Age: null, Bytes: null })
            {
                // What is dropped is the pipeline's to say; the blobs of what went lie here.
                services.AddRetention(_ => PipelineRole.RetentionOf(config, identity.SourceOf("retention")) with { MaxAge = null, MaxBytes = null }, static _ => static (_, _) => new(0));
            }
        }

        return services;
    }

    private static void AddConsumerCheck(this IServiceCollection services, string name) =>
        services.AddSingleton(p => ReadinessCheck.Of(name, p.GetServices<PartitionConsumer>));

    public static void MapProjectionsRole(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapLedgerApi();
        endpoints.MapKeys();
        endpoints.MapTools();
        endpoints.MapFindings();
    }

    /// <summary>Brings what gateways elsewhere put aside into this machine's blob store.</summary>
    private sealed class BlobFilling(BlobTopicConsumer topic) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => topic.RunAsync(stoppingToken);
    }
}
