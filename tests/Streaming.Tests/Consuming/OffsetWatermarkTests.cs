using CsCheck;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Tests.Consuming;

public sealed class OffsetWatermarkTests
{
    [Fact]
    public void The_position_never_passes_an_open_offset_and_reaches_the_end_when_all_are_done() =>
        Gen.Select(Gen.Int[1, 5].Array[1, 60], Gen.Int).Sample((gaps, seed) =>
        {
            var watermark = new OffsetWatermark();
            var offsets = new List<long>();
            long at = 0;
            foreach (var gap in gaps)
            {
                at += gap;
                offsets.Add(at);
                watermark.Track(at);
            }

            var open = new SortedSet<long>(offsets);
            var order = offsets.ToArray();
            new Random(seed).Shuffle(order);
            foreach (var offset in order)
            {
                watermark.Complete(offset);
                open.Remove(offset);
                Assert.Equal(open.Count, watermark.InFlight);
                var moved = watermark.TryTakeCommittable(out var next);
                Assert.True(next <= (open.Count == 0 ? at + 1 : open.Min));
                Assert.Equal(moved, moved && offsets.Contains(next - 1));
                Assert.False(watermark.TryTakeCommittable(out _));
            }

            watermark.TryTakeCommittable(out var last);
            Assert.Equal(at + 1, last);
        });

    [Fact]
    public void Offsets_are_tracked_in_order_and_completed_once()
    {
        var watermark = new OffsetWatermark();
        watermark.Track(5);
        Assert.Throws<ArgumentOutOfRangeException>(() => watermark.Track(5));
        watermark.Complete(5);
        Assert.Throws<ArgumentException>(() => watermark.Complete(5));
    }
}
