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
        var time = new FakeTimeProvider();
        var flood = new RefusalFlood(time);
        Fill(flood);
        Assert.All(Enumerable.Range(0, 100), n => Assert.False(flood.TryEnter($"late-{n}", out _)));

        time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.True(flood.TryEnter("later", out var unrecorded));
        Assert.Equal(100, unrecorded);
    }

    [Fact]
    public void A_host_has_many_addresses_of_one_network_and_one_measure()
    {
        var flood = new RefusalFlood(new FakeTimeProvider());

        Assert.Equal(50, Enumerable.Range(0, 100).Count(n => flood.TryEnter($"2001:db8:0:1::{n:x}", out _)));
        Assert.True(flood.TryEnter("2001:db8:0:2::1", out var ofItsOwn));
        Assert.False(flood.TryEnter("2001:db8:0:1:ffff::1", out var unrecorded));
        Assert.Equal((0, 50), (ofItsOwn, unrecorded));
    }

    [Fact]
    public void An_address_is_the_same_peer_on_either_kind_of_socket()
    {
        var flood = new RefusalFlood(new FakeTimeProvider());
        Assert.All(Enumerable.Range(0, 50), n => Assert.True(flood.TryEnter("::ffff:192.0.2.1", out _)));

        Assert.False(flood.TryEnter("192.0.2.1", out _));
        Assert.True(flood.TryEnter("::ffff:192.0.2.2", out _));
    }

    [Fact]
    public void However_many_addresses_they_have_all_strangers_together_fill_no_disk()
    {
        var time = new FakeTimeProvider();
        var flood = new RefusalFlood(time);

        Assert.Equal(200, Recorded(flood, 1000));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(50, Recorded(flood, 1000));

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(flood.TryEnter("2001:db8:0:3e7::1", out var unrecorded));
        Assert.Equal(2, unrecorded);
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

        // Three of the loud one, and of those after it whatever was more than all may have recorded together.
        Assert.Equal((0, 3 + MaxPeers - 150), (ofItsOwn, unrecorded));
    }

    private static int Recorded(RefusalFlood flood, int peers) => Enumerable.Range(0, peers).Count(n => flood.TryEnter($"2001:db8:0:{n:x}::1", out _));

    private static void Fill(RefusalFlood flood)
    {
        for (var i = 0; i < MaxPeers; i++)
        {
            flood.TryEnter(i.ToString(CultureInfo.InvariantCulture), out _);
        }
    }
}
