using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class OffsetPartsTests
{
    [Fact]
    public async Task Parts_end_where_they_ended_before_while_records_are_added()
    {
        var before = await EndsAsync(700, 70_000);
        foreach (var end in new[] { 70_001, 70_100, 75_000, 131_000, 200_000, 5_000_000 })
        {
            var ends = await EndsAsync(700, end);
            Assert.InRange(ends.Count, 30, 66);
            Assert.Subset(before.ToHashSet(), ends.Where(e => e <= before[^1]).ToHashSet());
        }
    }

    [Fact]
    public async Task Parts_cover_every_offset_once_and_the_last_one_is_open()
    {
        foreach (var (first, end) in new[] { (0L, 0L), (0L, 1L), (5L, 1024L), (1023L, 1025L), (700L, 70_000L) })
        {
            var parts = await OffsetParts.ListAsync(new Bounded(first, end), LedgerPartition.Calls, CancellationToken.None);
            var next = first;
            foreach (var part in parts)
            {
                Assert.Equal(next, part.FirstOffset);
                Assert.Equal(part.LastOffset == end - 1, part.Open);
                next = part.LastOffset + 1;
            }

            Assert.Equal(end, next);
        }
    }

    [Theory]
    [InlineData(10, 100, 49, 50L)]
    [InlineData(10, 100, 9, null)]
    [InlineData(10, 100, 99, 99L)]
    [InlineData(10, 100, long.MaxValue, 99L)]
    [InlineData(0, 0, 5, null)]
    public void A_partition_is_cut_right_behind_an_offset_and_never_loses_its_last_record(long first, long end, long offset, long? cut) =>
        Assert.Equal(cut, OffsetParts.Cut(new(first, end), offset));

    private static async Task<List<long>> EndsAsync(long first, long end) =>
        [.. (await OffsetParts.ListAsync(new Bounded(first, end), LedgerPartition.Calls, CancellationToken.None)).Where(p => !p.Open).Select(p => p.LastOffset)];

    /// <summary>A partition of which nothing is known but its bounds.</summary>
    private sealed class Bounded(long first, long end) : ILedgerReader
    {
        public IReadOnlyList<LedgerPartition> Partitions => [LedgerPartition.Calls];

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(new LedgerBounds(first, end));

        public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) => new(new ReadBatch([], from, null));

        public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
