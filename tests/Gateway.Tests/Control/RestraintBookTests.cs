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
        Assert.Empty(book.ThrottlesOf("ada", "c/1", "s-1", Now));
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
        Assert.Empty(narrow.ThrottlesOf("ada", null, "s-1", Now));
        var wide = book.After(new PrincipalReleased("ada", null, null, "host", null));
        Assert.Null(wide.FindStop("ada", null, "s-1", Now));
        Assert.Equal(1, wide.Count);
    }

    [Fact]
    public void Every_throttle_that_holds_a_caller_counts_the_slowest_first()
    {
        var book = RestraintBook.Empty.After(Stop("ada") with { Session = "s", PerMinute = 9 }, Now).After(Stop("ada") with { PerMinute = 3 }, Now);
        Assert.Equal([3, 9], book.ThrottlesOf("ada", null, "s", Now).Select(throttle => throttle.PerMinute));
        Assert.Empty(book.ThrottlesOf("eve", null, "s", Now));
    }

    [Theory]
    [InlineData(24 * 60, 5, 24 * 60)]
    [InlineData(5, 24 * 60, 24 * 60)]
    [InlineData(0, 5, 0)]
    [InlineData(5, 0, 0)]
    public void A_stop_is_made_longer_by_another_and_never_shorter(int first, int second, int minutes)
    {
        var book = RestraintBook.Empty.After(For(first), Now).After(For(second), Now.AddMinutes(1));
        Assert.Equal(minutes == 0 ? null : Now.AddMinutes(minutes), book.FindStop("ada", null, "s", Now.AddMinutes(1))!.Until);

        static PrincipalStopped For(int minutes) => Stop("ada") with { Until = minutes == 0 ? null : Now.AddMinutes(minutes) };
    }

    [Fact]
    public void A_throttle_is_made_slower_by_another_and_never_faster_until_it_is_over()
    {
        var slow = Stop("ada") with { PerMinute = 1, Until = Now.AddMinutes(10) };
        var fast = Stop("ada") with { PerMinute = 60, Until = Now.AddMinutes(30), Reason = "It hurries." };
        Assert.Equal((1, Now.AddMinutes(30), "It hurries."), Both(slow, fast, Now));
        Assert.Equal((1, Now.AddMinutes(30), "It hurries."), Both(fast, slow, Now));
        Assert.Equal((60, Now.AddMinutes(30), "It hurries."), Both(slow, fast, Now.AddMinutes(10)));

        static (int?, DateTimeOffset?, string) Both(PrincipalStopped first, PrincipalStopped second, DateTimeOffset at) =>
            Assert.Single(RestraintBook.Empty.After(first, Now).After(second, at).ThrottlesOf("ada", null, "s", at)) is var held ? (held.PerMinute, held.Until, held.Reason) : default;
    }

    [Fact]
    public void A_flood_of_stopped_sessions_stops_its_principal_and_forgets_nobody()
    {
        var book = RestraintBook.Empty.After(Stop("bob") with { Session = "s" }, Now);
        for (var i = 0; i <= RestraintBook.MaxNarrow; i++)
        {
            book = book.After(Stop("eve") with { Session = $"s-{i}" }, Now);
        }

        Assert.InRange(book.Count, 3, RestraintBook.MaxNarrow);
        Assert.NotNull(book.FindStop("eve", null, "a session that was never stopped", Now));
        Assert.NotNull(book.FindStop("bob", null, "s", Now));
        Assert.Null(book.FindStop("bob", null, "another", Now));
    }

    [Fact]
    public void A_full_book_widens_whoever_fills_it_and_nobody_who_comes_after()
    {
        var book = RestraintBook.Empty.After(Stop("eve") with { Session = "s-long", Until = Now.AddDays(2) }, Now);
        for (var i = 1; i < RestraintBook.MaxNarrow; i++)
        {
            book = book.After(Stop("eve") with { Session = $"s-{i}", Until = Now.AddDays(1) }, Now);
        }

        book = book.After(Stop("bob") with { Session = "s" }, Now);

        Assert.NotNull(book.FindStop("bob", null, "s", Now));
        Assert.Null(book.FindStop("bob", null, "another", Now));
        Assert.Equal(Now.AddDays(2), book.FindStop("eve", null, "a session that was never stopped", Now)!.Until);
        Assert.Equal(2, book.Count);
    }

    [Fact]
    public void What_holds_a_principal_is_told_as_long_as_it_does()
    {
        var book = RestraintBook.Empty.After(Stop("ada") with { Session = "s", Until = Now.AddMinutes(1) }, Now).After(Stop("ada") with { PerMinute = 3 }, Now).After(Stop("eve"), Now);

        Assert.Equal(2, book.Of("ada", Now).Count);
        Assert.Null(Assert.Single(book.Of("ada", Now.AddMinutes(1))).Scope.Session);
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
