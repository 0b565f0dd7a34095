using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Streaming.Tests;

public sealed class HourlyQuotaTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_name_has_so_much_an_hour_and_takes_none_of_anothers()
    {
        var quota = new HourlyQuota(2);

        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(_ => quota.TryTake("a", Noon)));
        Assert.True(quota.TryTake("b", Noon));
        Assert.True(quota.TryTake("a", Noon.AddHours(1)));
    }

    [Fact]
    public void What_does_not_suffice_takes_nothing_and_is_told_once_an_hour()
    {
        var quota = new HourlyQuota(10);

        Assert.False(quota.TryTake("a", 11, Noon, out var isFirst));
        Assert.True(isFirst);
        Assert.True(quota.TryTake("a", 10, Noon, out isFirst));
        Assert.False(isFirst);
        Assert.False(quota.TryTake("a", 1, Noon, out isFirst));
        Assert.False(isFirst);
        Assert.False(quota.TryTake("a", int.MaxValue, Noon.AddHours(1), out isFirst));
        Assert.True(isFirst);
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again_and_no_more()
    {
        var quota = new HourlyQuota(2);
        quota.GiveBack("a", 5);
        quota.TryTake("a", 2, Noon, out _);
        quota.GiveBack("a", 5);

        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => quota.TryTake("a", Noon)));
    }

    [Fact]
    public void What_is_of_an_earlier_hour_brings_none_back()
    {
        var quota = new HourlyQuota(1);

        Assert.True(quota.TryTake("a", Noon));
        Assert.False(quota.TryTake("a", Noon.AddHours(-1)));
        Assert.False(quota.TryTake("a", Noon));
    }

    [Fact]
    public void A_clock_that_was_ahead_for_a_day_takes_no_hour_away()
    {
        var clock = new SetClock { Ahead = TimeSpan.FromDays(1) };
        var quota = new HourlyQuota(1);
        Assert.True(quota.TryTake("a", clock));
        Assert.False(quota.TryTake("a", clock));

        clock.Ahead = TimeSpan.Zero;
        clock.Advance(TimeSpan.FromHours(1));
        Assert.True(quota.TryTake("a", clock));
        clock.Advance(TimeSpan.FromHours(2));
        Assert.True(quota.TryTake("a", clock));
    }

    [Fact]
    public void Names_that_are_made_up_push_out_those_of_earlier_hours_first()
    {
        var quota = new HourlyQuota(1);
        for (var i = 0; i < 10_000; i++)
        {
            quota.TryTake($"{i}", i == 0 ? Noon : Noon.AddHours(-1));
        }

        Assert.True(quota.TryTake("another", Noon));

        Assert.False(quota.TryTake("0", Noon));
    }

    private sealed class SetClock : FakeTimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
