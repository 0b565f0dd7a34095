using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Tests.Events;

public sealed class FindingRaisedTests
{
    [Theory]
    [InlineData(500, "")]
    [InlineData(501, "")]
    [InlineData(498, "😀😀")]
    public void An_explanation_that_is_too_long_is_cut_visibly_and_between_characters(int letters, string end)
    {
        var text = new string('a', letters) + end;
        var shortened = FindingRaised.Shortened(text);

        Assert.InRange(shortened.Length, 0, FindingRaised.MaxExplanation);
        Assert.Equal(text.Length > FindingRaised.MaxExplanation, shortened.EndsWith('…'));
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(shortened)));
    }
}
