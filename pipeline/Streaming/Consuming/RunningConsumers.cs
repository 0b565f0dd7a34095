using System.Collections.Immutable;

namespace McpLedger.Streaming.Consuming;

/// <summary>Consumers that come and go with the partitions that this process is given. Whoever hands parked records over once more finds them here while they run.</summary>
public sealed class RunningConsumers
{
    private ImmutableHashSet<PartitionConsumer> _all = [];

    /// <summary>Those that run now.</summary>
    public IReadOnlyCollection<PartitionConsumer> All => _all;

    /// <summary>Runs a consumer until <paramref name="stopping"/>, to be found that long.</summary>
    public async Task RunAsync(PartitionConsumer consumer, CancellationToken stopping)
    {
        ImmutableInterlocked.Update(ref _all, static (all, one) => all.Add(one), consumer);
        try
        {
            await consumer.RunAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            ImmutableInterlocked.Update(ref _all, static (all, one) => all.Remove(one), consumer);
        }
    }
}
