using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Tests.Injection;

public sealed class TailCurveTests
{
    private static readonly TailCurve Curve = TailCurve.Fit(Enumerable.Range(1, 10_000).Select(i => ((double)i, 1.0)));

    [Theory]
    [InlineData(9_000, 1)]
    [InlineData(9_500, 1.301)]
    [InlineData(9_950, 2.301)]
    public void A_score_that_one_benign_text_in_ten_reaches_has_tail_one(double score, double tail) => Assert.Equal(tail, Curve.Of(score), 0.02);

    [Fact]
    public void It_never_falls_and_goes_on_beyond_what_was_seen()
    {
        var tails = Enumerable.Range(-100, 400).Select(i => Curve.Of(i * 50)).ToArray();

        Assert.Equal(tails.Order(), tails);
        Assert.Equal(0, tails[0]);
        Assert.True(Curve.Of(12_000) > Curve.Of(10_000) + 1);
    }

    [Fact]
    public void Either_of_two_tails_is_enough_and_both_are_less_than_their_sum()
    {
        Assert.Equal(3, TailCurve.Joined(3, 0));
        Assert.Equal(3, TailCurve.Joined(0, 3));
        Assert.InRange(TailCurve.Joined(2, 2), 2.5, 3);
    }

    [Fact]
    public void Garbage_in_a_manifest_makes_no_curve()
    {
        Assert.Throws<InvalidDataException>(() => new TailCurve([], [], 1));
        Assert.Throws<InvalidDataException>(() => new TailCurve([1, 2], [1], 1));
        Assert.Throws<InvalidDataException>(() => new TailCurve([double.NaN], [1], 1));
    }
}
