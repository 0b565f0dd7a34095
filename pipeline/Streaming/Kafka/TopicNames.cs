using Confluent.Kafka;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>The topics of a ledger and where a partition lies in them.</summary>
internal readonly record struct TopicNames(string Prefix)
{
    public string Calls => Prefix + "calls";

    public string Control => Prefix + "control";

    public string Blobs => Prefix + "blobs";

    public string Parked => Prefix + "parked";

    public TopicPartition Of(LedgerPartition partition) => new(partition.Log == LedgerLog.Calls ? Calls : Control, partition.Number);

    /// <summary>The ledger's partition at a place; null for a topic that holds no events.</summary>
    public LedgerPartition? PartitionOf(TopicPartition place) =>
        place.Topic == Calls ? new(LedgerLog.Calls, place.Partition.Value)
        : place.Topic == Control ? new(LedgerLog.Control, place.Partition.Value)
        : null;
}
