using McpLedger.Host.Configuration;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Host.Running;

/// <summary>Turns <c>postgres</c> and <c>search</c> into what the projections take.</summary>
internal static class StoreMapping
{
    public static MartenHomeOptions ToMarten(LoadedConfig config) => new()
    {
        ConnectionString = config.Secrets.PostgresConnection!,
        Schema = config.File.Postgres!.Schema,
        Partitions = KafkaMapping.PartitionsOf(config.File),
    };

    public static ElasticOptions ToElastic(LoadedConfig config)
    {
        var search = config.File.Search!;
        return new()
        {
            Nodes = search.Urls,
            User = config.Secrets.SearchUser,
            Password = config.Secrets.SearchPassword,
            ApiKey = config.Secrets.SearchApiKey,
            CaFile = search.Ca is { } ca ? Path.GetFullPath(ca, config.Folder) : null,
            Prefix = search.Prefix,
            Span = search.Span == "month" ? ElasticSpan.Month : ElasticSpan.Day,
            Replicas = search.Replicas,
            Keep = search.Retention,
            Partitions = KafkaMapping.PartitionsOf(config.File),
        };
    }
}
