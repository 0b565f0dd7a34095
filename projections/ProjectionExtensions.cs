using System.Text.Json.Serialization;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Api;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Tail;
using McpLedger.Streaming.Consuming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpLedger.Projections;

/// <summary>Where the read models live and how they are kept.</summary>
public sealed record ProjectionOptions
{
    /// <summary>Folder of the read models, <c>readmodels</c> in the data folder; made when it is not there.</summary>
    public required string Folder { get; init; }

    /// <summary>Bytes of records folded in one transaction.</summary>
    public int MaxBatchBytes { get; init; } = 4 * 1024 * 1024;
}

/// <summary>The door to the read models.</summary>
public static class ProjectionExtensions
{
    /// <summary>Name of the consumers: of their parked records and in their metrics.</summary>
    public const string ConsumerName = "projections";

    /// <summary>
    /// Adds the embedded read models, the consumers that keep them, <see cref="LedgerQueries"/>, <see cref="LedgerTail"/> and <see cref="ProjectionAdmin"/>.
    /// An <c>ILedgerReader</c>, an <c>IBlobStore</c>, a <c>ParkingLot</c> and an <see cref="AccessRecorder"/> must be there too.
    /// </summary>
    public static IServiceCollection AddProjections(this IServiceCollection services, ProjectionOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(provider => ProjectionHome.Open(options.Folder, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ProjectionTelemetry>();
        services.AddSingleton<ProjectionHandler>();
        services.AddSingleton<ProjectionAdmin>();
        services.AddSingleton<LedgerQueries>();
        services.AddSingleton<LedgerTail>();
        services.AddHttpContextAccessor();
        services.AddSingleton<Access>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        foreach (var partition in new[] { LedgerPartition.Calls, LedgerPartition.Control })
        {
            services.AddPartitionConsumer(
                new() { Name = ConsumerName, MaxBatchBytes = options.MaxBatchBytes },
                partition,
                provider => provider.GetRequiredService<ProjectionHandler>());
        }

        return services;
    }
}
