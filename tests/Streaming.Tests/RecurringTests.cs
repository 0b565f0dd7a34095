using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Streaming.Tests;

public sealed class RecurringTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_is_said_at_once_and_again_after_a_while_with_how_often_it_was_left_unsaid()
    {
        var troubles = new Recurring(_time);
        Assert.Equal(0, troubles.Due("a"));
        Assert.Null(troubles.Due("a"));
        Assert.Null(troubles.Due("a"));
        Assert.Equal(0, troubles.Due("b"));

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(2, troubles.Due("a"));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, troubles.Due("a"));
    }

    [Fact]
    public void However_many_kinds_there_are_it_says_them()
    {
        var troubles = new Recurring(_time);

        Assert.All(Enumerable.Range(0, 1000), kind => Assert.Equal(0, troubles.Due($"{kind}")));
    }
}
