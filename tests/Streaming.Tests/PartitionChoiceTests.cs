using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Tests;

public sealed class PartitionChoiceTests
{
    // The expected numbers are FNV-1a's published values modulo the count: a change here would scatter running sessions.
    [Theory]
    [InlineData("", 0x811c9dc5)]
    [InlineData("a", 0xe40c292c)]
    [InlineData("foobar", 0xbf9cf968)]
    public void A_key_always_goes_to_the_same_partition(string key, uint hash)
    {
        for (var partitions = 2; partitions < 50; partitions++)
        {
            Assert.Equal((int)(hash % (uint)partitions), PartitionChoice.Of(LedgerLog.Calls, key, partitions).Number);
        }
    }

    [Fact]
    public void Control_has_one_partition_and_no_key_takes_the_first()
    {
        Assert.Equal(LedgerPartition.Control, PartitionChoice.Of(LedgerLog.Control, "key", 12));
        Assert.Equal(LedgerPartition.Calls, PartitionChoice.Of(LedgerLog.Calls, null, 12));
    }

    [Fact]
    public void Sessions_spread_over_all_partitions() =>
        Assert.Equal(8, Enumerable.Range(0, 200).Select(i => PartitionChoice.Of(LedgerLog.Calls, $"session-{i}", 8).Number).Distinct().Count());
}
