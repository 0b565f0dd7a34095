using McpLedger.Contracts.Events;
using McpLedger.Host.Configuration;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Running;

/// <summary>Turns <c>kafka</c> into what the ledger in Kafka takes.</summary>
internal static class KafkaMapping
{
    public static KafkaLedgerOptions ToLedger(LoadedConfig config, HostRoles roles)
    {
        var kafka = config.File.Kafka!;
        return new()
        {
            Folder = config.DataFolder,
            Bootstrap = string.Join(',', kafka.Bootstrap),
            Client = Client(kafka.Security, config),
            TopicPrefix = kafka.Prefix + ".",
            Partitions = kafka.Partitions,
            Replication = (short)kafka.Replication,
            MinInSync = kafka.MinInSync,
            Durable = config.File.Ledger.Durable == "quorum" ? KafkaDurability.Quorum : KafkaDurability.Disk,
            Instance = config.File.Instance,
            OriginHost = config.File.Ledger.Origin ?? "localhost",
            Role = roles == HostRoles.All ? "gateway" : roles.Written(),
            Version = UpHost.Version,
            RecordMode = config.File.Ledger.Record,
            WritesCalls = roles.HasFlag(HostRoles.Gateway),
            KeepsBlobs = roles != HostRoles.Gateway,
            Spool = new() { MaxBytes = kafka.Spool.Bytes.Bytes, MaxAge = kafka.Spool.Age },
        };
    }

    /// <summary>Every partition of the ledger that the configuration describes.</summary>
    public static IReadOnlyList<LedgerPartition> PartitionsOf(ConfigFile file) =>
        [.. Enumerable.Range(0, file.Kafka?.Partitions ?? 1).Select(n => new LedgerPartition(LedgerLog.Calls, n)), LedgerPartition.Control];

    private static Dictionary<string, string> Client(KafkaSecuritySection security, LoadedConfig config)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client.id"] = config.File.Instance ?? "mcpledger",
            ["security.protocol"] = security.Protocol switch { "tls" => "ssl", "sasl-tls" => "sasl_ssl", "sasl" => "sasl_plaintext", _ => "plaintext" },
        };
        void Set(string name, string? value)
        {
            if (value is not null)
            {
                settings[name] = value;
            }
        }

        string? PathOf(string? path) => path is null ? null : Path.GetFullPath(path, config.Folder);
        Set("ssl.ca.location", PathOf(security.Ca));
        Set("ssl.certificate.location", PathOf(security.Certificate));
        Set("ssl.key.location", PathOf(security.Key));
        if (security.Protocol is "sasl" or "sasl-tls")
        {
            Set("sasl.mechanism", security.Mechanism.ToUpperInvariant());
            Set("sasl.username", config.Secrets.KafkaUser);
            Set("sasl.password", config.Secrets.KafkaPassword);
        }

        return settings;
    }
}
