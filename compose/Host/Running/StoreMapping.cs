using McpLedger.Host.Configuration;
using McpLedger.Projections.Homes.Marten;

namespace McpLedger.Host.Running;

/// <summary>Turns <c>postgres</c> into what the projections take.</summary>
internal static class StoreMapping
{
    public static MartenHomeOptions ToMarten(LoadedConfig config) => new()
    {
        ConnectionString = config.Secrets.PostgresConnection!,
        Schema = config.File.Postgres!.Schema,
        Partitions = KafkaMapping.PartitionsOf(config.File),
    };
}
