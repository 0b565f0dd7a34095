using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Puts a ledger on mock brokers.</summary>
internal static class MockTopics
{
    /// <summary>Makes the topics of a ledger, which then does not ask about them: mock brokers know no administration.</summary>
    public static KafkaLedgerOptions Hold(this MockCluster cluster, KafkaLedgerOptions options)
    {
        cluster.Make(options.TopicPrefix + "calls", options.Partitions);
        cluster.Make(options.TopicPrefix + "control", 1);
        return options with { Bootstrap = cluster.Bootstrap, ManageTopics = false };
    }
}
