using System.Globalization;
using McpLedger.Gateway.Recording;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Gateway.Tests.Recording;

public sealed class RefusalFloodTests
{
    private const int MaxPeers = 4096;

    [Fact]
    public void Peers_that_came_once_long_ago_do_not_keep_later_ones_in_one_bucket()
    {
        var time = new FakeTimeProvider();
        var flood = new RefusalFlood(time);
        Fill(flood);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.All(Enumerable.Range(0, 100), n => Assert.True(flood.TryEnter($"late-{n}", out _)));
        Assert.All(Enumerable.Range(0, 49), n => Assert.True(flood.TryEnter("late-0", out _)));
    }

    [Fact]
    public void While_all_of_them_are_busy_later_ones_share_a_bucket()
    {
        var flood = new RefusalFlood(new FakeTimeProvider());
        Fill(flood);

        Assert.Equal(50, Enumerable.Range(0, 100).Count(n => flood.TryEnter($"late-{n}", out _)));
    }

    [Fact]
    public void What_a_forgotten_peer_still_had_to_say_is_said_by_another()
    {
        var time = new FakeTimeProvider();
        var flood = new RefusalFlood(time);
        for (var i = 0; i < 53; i++)
        {
            flood.TryEnter("loud", out _);
        }

        Fill(flood);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(flood.TryEnter("late", out var ofItsOwn));
        Assert.True(flood.TryEnter(null, out var unrecorded));

        Assert.Equal((0, 3), (ofItsOwn, unrecorded));
    }

    private static void Fill(RefusalFlood flood)
    {
        for (var i = 0; i < MaxPeers; i++)
        {
            flood.TryEnter(i.ToString(CultureInfo.InvariantCulture), out _);
        }
    }
}
