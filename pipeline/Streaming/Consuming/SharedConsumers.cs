using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Consuming;

/// <summary>Runs those consumers of a name whose partitions are this process's.</summary>
internal sealed class SharedConsumers(string name, IEnumerable<PartitionConsumer> consumers, SharePartitions share)
{
    private readonly Dictionary<LedgerPartition, PartitionConsumer> _consumers = consumers.Where(c => c.Name == name).ToDictionary(static c => c.Partition);

    public Task RunAsync(CancellationToken stopping) => share(
        name,
        (partition, cancellationToken) => _consumers.TryGetValue(partition, out var consumer) ? consumer.RunAsync(cancellationToken) : Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken),
        stopping);
}
