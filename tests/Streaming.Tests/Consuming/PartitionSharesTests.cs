using McpLedger.Contracts.Events;
using McpLedger.Streaming.Consuming;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Consuming;

public sealed class PartitionSharesTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Work_that_fails_on_one_partition_ends_that_on_the_others_and_is_told()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var ended = new List<LedgerPartition>();

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => PartitionShares.All(ledger.Ledger)(
            "role",
            async (partition, cancellationToken) =>
            {
                if (partition == LedgerPartition.Calls)
                {
                    throw new InvalidOperationException("its bug");
                }

                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ended.Add(partition);
            },
            TestContext.Current.CancellationToken).WaitAsync(Enough, TestContext.Current.CancellationToken));

        Assert.Equal("its bug", failure.Message);
        Assert.Equal([LedgerPartition.Control], ended);
    }

    [Fact]
    public async Task Work_that_is_done_on_one_partition_ends_none_elsewhere()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        using var stop = new CancellationTokenSource();
        var sharing = PartitionShares.All(ledger.Ledger)(
            "role",
            (partition, cancellationToken) => partition == LedgerPartition.Calls ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken),
            stop.Token);
        Assert.False(sharing.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sharing.WaitAsync(Enough, TestContext.Current.CancellationToken));
    }
}
