using System.Text.Json.Serialization;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Api;
using McpLedger.Projections.Homes;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Projections.Search;
using McpLedger.Projections.Search.Sqlite;
using McpLedger.Projections.Tail;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace McpLedger.Projections;

/// <summary>Where the embedded read models live and how they are kept.</summary>
public sealed record EmbeddedHomeOptions
{
    /// <summary>Folder of the read models, <c>readmodels</c> in the data folder; made when it is not there.</summary>
    public required string Folder { get; init; }

    /// <summary>Bytes of records folded in one transaction.</summary>
    public int MaxBatchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long a record may wait for others to be folded with, in one transaction.</summary>
    public TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after its event a claim check may still be on its way here from another machine; zero where blobs are written here.</summary>
    public TimeSpan ClaimCheckPatience { get; init; }

    /// <summary>Partitions of the ledger; each has a consumer of its own, and their batches take turns.</summary>
    public IReadOnlyList<LedgerPartition> Partitions { get; init; } = [LedgerPartition.Calls, LedgerPartition.Control];
}

/// <summary>The doors to the read models: what they share, and one for each home.</summary>
public static class ProjectionExtensions
{
    /// <summary>Name of the consumers: of their parked records and in their metrics.</summary>
    public const string ConsumerName = "projections";

    /// <summary>
    /// Adds <see cref="LedgerQueries"/>, <see cref="LedgerTail"/> and <see cref="ProjectionAdmin"/> over whichever home is added beside them.
    /// An <c>ILedgerReader</c>, an <c>IBlobStore</c>, an <c>IParkingLot</c>, an <see cref="AccessRecorder"/> and an <see cref="AccessCheck"/> must be there too.
    /// </summary>
    public static IServiceCollection AddProjections(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<ProjectionTelemetry>();
        services.AddSingleton<ProjectionAdmin>();
        services.AddSingleton(provider => new LedgerQueries(
            provider.GetRequiredService<IViewStore>(),
            provider.GetRequiredService<IEventIndex>(),
            provider.GetRequiredService<ILedgerReader>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LedgerTail>();
        services.AddHttpContextAccessor();
        services.AddSingleton<Access>();
        services.AddScoped<PayloadAccess>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        return services;
    }

    /// <summary>Adds views and full-text index in SQLite, and the consumers of both partitions that keep them.</summary>
    public static IServiceCollection AddEmbeddedHome(this IServiceCollection services, EmbeddedHomeOptions options)
    {
        services.AddSingleton(provider => ProjectionHome.Open(options.Folder, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IViewStore, EmbeddedViews>();
        services.AddSingleton<IEventIndex, SqliteIndex>();
        services.AddSingleton<IProjectionHandler>(provider => new ProjectionHandler(
            provider.GetRequiredService<ProjectionHome>(),
            provider.GetRequiredService<ILedgerReader>(),
            provider.GetRequiredService<IBlobStore>(),
            options.ClaimCheckPatience,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ProjectionTelemetry>()));
        foreach (var partition in options.Partitions)
        {
            services.AddPartitionConsumer(
                new() { Name = ConsumerName, MaxBatchBytes = options.MaxBatchBytes, Gathering = options.Gathering },
                partition,
                provider => provider.GetRequiredService<IProjectionHandler>());
        }

        return services;
    }

    /// <summary>
    /// Adds views in PostgreSQL, the consumers of the partitions that the options name, and the running for the daemon that keeps the views across sessions. An index of events must be added beside it.
    /// </summary>
    /// <exception cref="ArgumentException">The connection string or the schema's name is none.</exception>
    public static IServiceCollection AddMartenHome(this IServiceCollection services, MartenHomeOptions options)
    {
        services.AddSingleton(provider => new MartenStores(options) { DaemonLog = provider.GetRequiredService<ILoggerFactory>().CreateLogger("McpLedger.Projections.Daemon") });
        services.AddSingleton<IViewStore, MartenViews>();
        services.AddSingleton<IProjectionHandler, MartenHandler>();
        services.AddHostedService<MartenLeader>();
        foreach (var partition in options.Partitions)
        {
            services.AddPartitionConsumer(
                new() { Name = ConsumerName, MaxBatchBytes = options.MaxBatchBytes, Gathering = options.Gathering, IsShared = true },
                partition,
                provider => provider.GetRequiredService<IProjectionHandler>());
        }

        return services;
    }
}
