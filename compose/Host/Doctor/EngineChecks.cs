using System.Security.Cryptography;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Projections.Search.Elastic;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Doctor;

/// <summary>Whether the engines of the scaled-out shape answer, and have what the roles need.</summary>
internal static class EngineChecks
{
    public static async Task<IReadOnlyList<Finding>> RunAsync(LoadedConfig config, HostRoles roles, TimeProvider time, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        if (config.File.Kafka is not null)
        {
            findings.AddRange(await KafkaAsync(config, time, cancellationToken));
        }

        if (!roles.HasFlag(HostRoles.Projections))
        {
            return findings;
        }

        if (config.File.Postgres is not null)
        {
            findings.Add(await PostgresAsync(config, cancellationToken));
        }

        if (config.File.Search is not null)
        {
            findings.AddRange(await SearchAsync(config, cancellationToken));
        }

        return findings;
    }

    private static async Task<Finding> PostgresAsync(LoadedConfig config, CancellationToken cancellationToken)
    {
        try
        {
            await using var schema = new MartenSchema(StoreMapping.ToMarten(config));
            return await schema.CheckAsync(cancellationToken) is { } fault
                ? new("postgres", FindingLevel.Error, fault.Message, fault.IsOfVersion ? "run 'mcpledger rebuild' once an instance of this version runs" : "read 'mcpledger schema diff', then run 'mcpledger schema apply'")
                : new("postgres", FindingLevel.Ok, $"schema {config.File.Postgres!.Schema} has what this version needs", null);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return new("postgres", FindingLevel.Error, e.Message, "start the database, or correct postgres.connection");
        }
    }

    private static async Task<IReadOnlyList<Finding>> SearchAsync(LoadedConfig config, CancellationToken cancellationToken)
    {
        var options = StoreMapping.ToElastic(config);
        if (options.Faults() is { Count: > 0 } faults)
        {
            return [.. faults.Select(f => new Finding("search", FindingLevel.Error, f, "correct it in the section search"))];
        }

        var findings = new List<Finding>();
        foreach (var node in options.Nodes)
        {
            findings.Add(await NodeAsync(options, node, cancellationToken));
        }

        return findings;
    }

    internal static async Task<Finding> NodeAsync(ElasticOptions options, Uri node, CancellationToken cancellationToken)
    {
        try
        {
            return await SearchExamination.HasTemplateAsync(options, node, cancellationToken)
                ? new("search", FindingLevel.Ok, $"{node.Authority} answers and has the template of {options.Prefix}-*", null)
                : new("search", FindingLevel.Warning, $"{node.Authority} answers, and the template of {options.Prefix}-* is missing.", "start a projections role: it makes its template");
        }
        catch (CryptographicException e)
        {
            return new("search", FindingLevel.Error, $"search.ca holds no certificate that can be read: {e.Message}", "point search.ca at a PEM file of the authority that signed the engine's certificate");
        }
        catch (IOException e)
        {
            return new("search", FindingLevel.Error, e.Message, "start the search engine, or correct search.urls and what is shown to it");
        }
    }

    private static async Task<IReadOnlyList<Finding>> KafkaAsync(LoadedConfig config, TimeProvider time, CancellationToken cancellationToken)
    {
        var options = KafkaMapping.ToLedger(config, HostRoles.Pipeline);
        var shown = string.Join(", ", config.File.Kafka!.Bootstrap);
        await using var services = new ServiceCollection().AddLogging().AddSingleton(time).AddKafkaLedgerReader(options).BuildServiceProvider();
        try
        {
            var drifts = await new TopicExamination(options, services.GetRequiredService<KafkaTelemetry>()).RunAsync(cancellationToken);
            return drifts.Count == 0
                ? [new("kafka", FindingLevel.Ok, $"{shown}: topics {options.TopicPrefix}* are as they must be", null)]
                : [.. drifts.Select(d => Drifted(d))];
        }
        catch (IOException e)
        {
            return [new("kafka", FindingLevel.Error, $"{shown}: {e.Message}.", "start the brokers, or correct kafka.bootstrap and kafka.security")];
        }
    }

    private static Finding Drifted(TopicDrift drift) => drift.Setting == "topic"
        ? new("kafka", FindingLevel.Warning, $"topic {drift.Topic} is missing.", "start a role: it makes its topics with what they must have")
        : new("kafka", FindingLevel.Error, $"topic {drift.Topic}: {drift.Setting} is {drift.Found}, not {drift.Expected}.", drift.Setting == "replicas"
            ? "move the partitions to more brokers: kafka-reassign-partitions.sh"
            : $"kafka-configs.sh --alter --entity-type topics --entity-name {drift.Topic} --add-config {drift.Setting}={drift.Expected}");
}
