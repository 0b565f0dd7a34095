using McpLedger.Host.Running;

namespace McpLedger.Host.Configuration;

/// <summary>What is shown to Kafka, PostgreSQL and the search engine, looked up; null where the configuration has none. Never printed.</summary>
internal sealed record EngineSecrets
{
    public string? KafkaUser { get; init; }

    public string? KafkaPassword { get; init; }

    public string? PostgresConnection { get; init; }

    public string? SearchUser { get; init; }

    public string? SearchPassword { get; init; }

    public string? SearchApiKey { get; init; }

    public static EngineSecrets Of(ConfigFile file, HostRoles roles, ConfigChecks checks)
    {
        var security = roles == HostRoles.None ? null : file.Kafka?.Security;
        var (postgres, search) = roles.HasFlag(HostRoles.Projections) ? (file.Postgres, file.Search) : (null, null);
        string? LookUp(string path, SecretText? text) => text is null ? null : checks.Resolve(path, text);
        return new()
        {
            KafkaUser = LookUp("kafka.security.user", security?.User),
            KafkaPassword = LookUp("kafka.security.password", security?.Password),
            PostgresConnection = postgres?.Connection is { } connection ? checks.ResolveConnection("postgres.connection", connection) : null,
            SearchUser = LookUp("search.user", search?.User),
            SearchPassword = LookUp("search.password", search?.Password),
            SearchApiKey = LookUp("search.apiKey", search?.ApiKey),
        };
    }

    /// <summary>Nothing of it: a log line that names the record must not show what it holds.</summary>
    public override string ToString() => nameof(EngineSecrets);
}
