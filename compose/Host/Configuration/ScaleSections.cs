using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace McpLedger.Host.Configuration;

/// <summary>The ledger on Apache Kafka: what several machines write and read.</summary>
internal sealed record KafkaSection
{
    [Description("Brokers to begin with, each host:port.")]
    public ImmutableArray<string> Bootstrap { get; init; } = [];

    [Description("What the names of the topics and consumer groups begin with: {prefix}.calls, {prefix}.control, {prefix}.blobs.")]
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
    public string Prefix { get; init; } = "mcpledger";

    [Description("Partitions of {prefix}.calls; a session stays in one. Fixed once the topic is made: the same key must always find the same partition.")]
    [Range(1, 1024)]
    public int Partitions { get; init; } = 8;

    [Description("Copies of each partition.")]
    [Range(1, 15)]
    public int Replication { get; init; } = 3;

    [Description("Copies that must hold an event before it counts as written; fewer than that in sync and nothing is written.")]
    [Range(1, 15)]
    public int MinInSync { get; init; } = 2;

    [Description("What waits on this machine for Kafka (ledger.durable: disk).")]
    public SpoolSection Spool { get; init; } = new();

    [Description("How brokers are known and what is shown to them.")]
    public KafkaSecuritySection Security { get; init; } = new();
}

internal sealed record SpoolSection
{
    [Description("Most bytes of events, and of large contents beside them, that may wait on this machine for Kafka. Past it calls are refused.")]
    public ByteSize Bytes { get; init; } = new(4L << 30);

    [Description("Longest that an event may wait on this machine for Kafka. Past it calls are refused. Without it only bytes bound the wait.")]
    public TimeSpan? Age { get; init; }
}

internal sealed record KafkaSecuritySection
{
    [Description("plaintext: neither encrypted nor authenticated. tls: encrypted. sasl-tls: encrypted, with user and password. sasl: user and password in the clear.")]
    [AllowedValues("plaintext", "tls", "sasl-tls", "sasl")]
    public string Protocol { get; init; } = "plaintext";

    [Description("PEM file with the authorities that sign the brokers' certificates, relative to this file. Default: the system's.")]
    public string? Ca { get; init; }

    [Description("PEM file with a client certificate and its chain, relative to this file.")]
    public string? Certificate { get; init; }

    [Description("PEM file with the private key of certificate, relative to this file; mode 0600.")]
    public string? Key { get; init; }

    [Description("How user and password are shown.")]
    [AllowedValues("scram-sha-512", "scram-sha-256", "plain")]
    public string Mechanism { get; init; } = "scram-sha-512";

    [Description("User toward the brokers. ${file:…} and ${env:…} are looked up.")]
    public SecretText? User { get; init; }

    [Description("Password toward the brokers. ${file:…} and ${env:…} are looked up.")]
    public SecretText? Password { get; init; }
}

/// <summary>Read models in PostgreSQL.</summary>
internal sealed record PostgresSection
{
    [Description("Connection string, such as Host=db;Database=mcpledger;Username=mcpledger;Password=${file:secrets/postgres}. ${file:…} and ${env:…} are looked up.")]
    public SecretText? Connection { get; init; }

    [Description("Schema that holds the read models.")]
    [RegularExpression("^[a-z_][a-z0-9_]{0,56}$")]
    public string Schema { get; init; } = "mcpledger";
}

/// <summary>Search in Elasticsearch or OpenSearch.</summary>
internal sealed record SearchSection
{
    [Description("Addresses of the nodes; they are asked in turn.")]
    public ImmutableArray<Uri> Urls { get; init; } = [];

    [Description("User toward the nodes. ${file:…} and ${env:…} are looked up.")]
    public SecretText? User { get; init; }

    [Description("Password toward the nodes. ${file:…} and ${env:…} are looked up.")]
    public SecretText? Password { get; init; }

    [Description("API key toward the nodes (Elasticsearch's encoded form), instead of user and password. ${file:…} and ${env:…} are looked up.")]
    public SecretText? ApiKey { get; init; }

    [Description("PEM file with the authorities that sign the nodes' certificates, relative to this file. Default: the system's.")]
    public string? Ca { get; init; }

    [Description("What the names of indices and templates begin with.")]
    [RegularExpression("^[a-z][a-z0-9-]{0,62}$")]
    public string Prefix { get; init; } = "mcpledger";

    [Description("Copies of each index beside the first: one less than the nodes at most.")]
    [Range(0, 100)]
    public int Replicas { get; init; } = 1;

    [Description("Stretch of time that one index holds: day, or month where there is little to hold.")]
    [AllowedValues("day", "month")]
    public string Span { get; init; } = "day";

    [Description("Indices whose last day is older than this are dropped. Without it nothing ever is.")]
    public TimeSpan? Retention { get; init; }
}
