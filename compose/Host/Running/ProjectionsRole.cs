using McpLedger.Host.Configuration;
using McpLedger.Projections;
using McpLedger.Projections.Api;

namespace McpLedger.Host.Running;

/// <summary>The projections: read models and index, and the API over them.</summary>
internal static class ProjectionsRole
{
    public static IServiceCollection AddProjectionsRole(this IServiceCollection services, LoadedConfig config)
    {
        services.AddProjections().AddEmbeddedHome(new() { Folder = Path.Combine(config.DataFolder, "readmodels"), Partitions = KafkaMapping.PartitionsOf(config.File) });
        services.AddApiDescription();
        return services;
    }

    public static void MapProjectionsRole(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapLedgerApi();
        endpoints.MapKeys();
        endpoints.MapTools();
        endpoints.MapOpenApi();
    }
}
