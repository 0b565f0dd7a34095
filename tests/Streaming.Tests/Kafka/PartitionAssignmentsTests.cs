using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class PartitionAssignmentsTests(KafkaBroker broker)
{
    [Fact]
    public async Task Partitions_are_shared_out_and_none_has_two_runners()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        await using var ledger = TemporaryKafkaLedger.Open(o => o with { Bootstrap = bootstrap!, Partitions = 3 });
        await ledger.ReadyAsync();
        var running = new ConcurrentDictionary<LedgerPartition, int>();
        var doubled = 0;
        PartitionAssignments Member() => new(ledger.Options, "test", async (partition, cancellationToken) =>
        {
            doubled += running.AddOrUpdate(partition, 1, static (_, n) => n + 1) > 1 ? 1 : 0;
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            running.AddOrUpdate(partition, 0, static (_, n) => n - 1);
        }, TimeSpan.FromSeconds(10), KafkaTools.Telemetry, TimeProvider.System);
        using var stopFirst = new CancellationTokenSource();
        using var stopSecond = new CancellationTokenSource();
        var (first, second) = (Member(), Member());
        var one = first.RunAsync(stopFirst.Token);
        await ledger.UntilAsync(() => first.Assigned.Count == 4);
        var two = second.RunAsync(stopSecond.Token);
        await ledger.UntilAsync(() => first.Assigned.Count == 2 && second.Assigned.Count == 2);
        Assert.Empty(first.Assigned.Intersect(second.Assigned));
        await stopFirst.CancelAsync();
        await one;
        Assert.Empty(first.Assigned);
        await ledger.UntilAsync(() => second.Assigned.Count == 4);
        await stopSecond.CancelAsync();
        await two;
        Assert.Equal(0, doubled);
        Assert.All(running.Values, static n => Assert.Equal(0, n));
    }
}
