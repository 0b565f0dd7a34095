using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Tests.Folds;

public sealed class BoundedTests
{
    private const int Most = 5;

    [Fact]
    public void A_set_holds_the_first_by_name_whatever_came_first()
    {
        string[] names = ["m", "c", "Z", "é", "a", "", "b", "k", "c", "m/1", "m-1", "A"];
        var random = new Random(7);
        for (var run = 0; run < 100; run++)
        {
            random.Shuffle(names);
            var set = names.Aggregate((IReadOnlyList<string>)[], static (held, name) => held.With(name, Most));

            Assert.Equal(["A", "Z", "a", "b", "c"], set);
        }
    }

    [Fact]
    public void A_set_that_does_not_change_is_the_same_set()
    {
        IReadOnlyList<string> set = ["a", "c", "e", "g", "i"];

        Assert.All((string?[])["a", "e", "i", null, "", "z"], name => Assert.Same(set, set.With(name, Most)));
    }
}
