using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway.Tests.Control;

public sealed class RestraintBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("c/1", null, true)]
    [InlineData("c/2", null, false)]
    [InlineData(null, "s-1", true)]
    [InlineData(null, "s-2", false)]
    [InlineData("c/1", "s-1", true)]
    [InlineData("c/1", "s-2", false)]
    public void A_stop_holds_whom_it_names_and_nobody_else(string? client, string? session, bool isHeld)
    {
        var book = RestraintBook.Empty.After(Stop("ada") with { Client = client, Session = session }, Now);
        Assert.Equal(isHeld, book.FindStop("ada", "c/1", "s-1", Now) is not null);
        Assert.Null(book.FindStop("eve", "c/1", "s-1", Now));
        Assert.Null(book.FindThrottle("ada", "c/1", "s-1", Now));
    }

    [Fact]
    public void A_stop_ends_when_it_says_and_one_without_an_end_does_not()
    {
        var book = RestraintBook.Empty.After(Stop("ada") with { Until = Now.AddMinutes(1) }, Now).After(Stop("bob"), Now);
        Assert.NotNull(book.FindStop("ada", null, "s", Now.AddSeconds(59)));
        Assert.Null(book.FindStop("ada", null, "s", Now.AddMinutes(1)));
        Assert.NotNull(book.FindStop("bob", null, "s", Now.AddYears(100)));
    }

    [Fact]
    public void A_release_lifts_what_is_at_most_as_wide_as_itself()
    {
        var book = RestraintBook.Empty.After(Stop("ada"), Now).After(Stop("ada") with { Session = "s-1", PerMinute = 5 }, Now).After(Stop("eve"), Now);
        var narrow = book.After(new PrincipalReleased("ada", null, "s-1", "host", null));
        Assert.NotNull(narrow.FindStop("ada", null, "s-1", Now));
        Assert.Null(narrow.FindThrottle("ada", null, "s-1", Now));
        var wide = book.After(new PrincipalReleased("ada", null, null, "host", null));
        Assert.Null(wide.FindStop("ada", null, "s-1", Now));
        Assert.Equal(1, wide.Count);
    }

    [Fact]
    public void The_slowest_of_several_throttles_counts()
    {
        var book = RestraintBook.Empty.After(Stop("ada") with { PerMinute = 3 }, Now).After(Stop("ada") with { Session = "s", PerMinute = 9 }, Now);
        Assert.Equal(3, book.FindThrottle("ada", null, "s", Now)?.PerMinute);
        Assert.Null(book.FindThrottle("eve", null, "s", Now));
    }

    [Fact]
    public void A_flood_of_stopped_sessions_stops_its_principal_and_forgets_nobody()
    {
        var book = RestraintBook.Empty.After(Stop("bob") with { Session = "s" }, Now);
        for (var i = 0; i <= RestraintBook.MaxNarrow; i++)
        {
            book = book.After(Stop("eve") with { Session = $"s-{i}" }, Now);
        }

        Assert.InRange(book.Count, RestraintBook.MaxNarrow, RestraintBook.MaxNarrow + 1);
        Assert.NotNull(book.FindStop("eve", null, "a session that was never stopped", Now));
        Assert.NotNull(book.FindStop("bob", null, "s", Now));
        Assert.Null(book.FindStop("bob", null, "another", Now));
    }

    [Fact]
    public void Stops_that_are_over_make_room_for_others()
    {
        var book = RestraintBook.Empty;
        for (var i = 0; i < RestraintBook.MaxNarrow; i++)
        {
            book = book.After(Stop("eve") with { Session = $"s-{i}", Until = Now.AddMinutes(1) }, Now);
        }

        book = book.After(Stop("eve") with { Session = "later" }, Now.AddMinutes(2));
        Assert.Equal(1, book.Count);
        Assert.Null(book.FindStop("eve", null, "other", Now.AddMinutes(2)));
    }

    private static PrincipalStopped Stop(string principal) => new() { Principal = principal, Reason = "It repeats itself.", By = "detection" };
}
