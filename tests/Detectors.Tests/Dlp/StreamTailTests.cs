using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>What two messages of a stream share is found when the second arrives.</summary>
public sealed class StreamTailTests
{
    private readonly StreamTail _tail = new(64 * 1024, 64);
    private readonly DlpFindings _found = new(64);

    [Theory]
    [InlineData("card-number")]
    [InlineData("iban")]
    [InlineData("github-token")]
    [InlineData("anthropic-key")]
    [InlineData("private-key")]
    public void A_value_that_is_split_is_found_and_says_how_much_of_it_is_gone(string rule)
    {
        var text = $"Here it is: {MadeValues.Entities[rule].Make(new(3))} and so on.";
        var border = text.Length / 2;

        _tail.Next(text.AsSpan(0, border), _found);
        Assert.Empty(_found.All.ToArray());
        _tail.Next(text.AsSpan(border), _found);

        var finding = Assert.Single(_found.All.ToArray());
        Assert.Equal(rule, finding.Rule.Id);
        Assert.Equal(12 - border, finding.Start);
    }

    [Fact]
    public void A_value_in_many_small_pieces_is_found_with_its_last()
    {
        var value = MadeValues.Entities["github-token"].Make(new(4));
        foreach (var c in value)
        {
            _tail.Next([c], _found);
        }

        Assert.Equal(1 - value.Length, Assert.Single(_found.All.ToArray()).Start);
    }

    [Fact]
    public void What_lies_within_one_message_is_not_told_again()
    {
        var value = MadeValues.Entities["github-token"].Make(new(4));
        _tail.Next($"{value} is within", _found);
        Assert.Empty(_found.All.ToArray());
        _tail.Next($"and {value} too", _found);
        Assert.Empty(_found.All.ToArray());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(2600)]
    public void A_long_token_in_several_messages_is_found_whole(int border)
    {
        var token = $"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{new Draw(5).Text(SecretToken.Url, 2700)}.{new Draw(6).Text(SecretToken.Url, 43)}";
        _tail.Next($"{{\"session\":\"{token[..50]}", _found);
        _tail.Next(token.AsSpan(50, border), _found);
        Assert.Empty(_found.All.ToArray());
        _tail.Next($"{token[(50 + border)..]}\"}}", _found);

        Assert.Equal("jwt", Assert.Single(_found.All.ToArray()).Rule.Id);
        Assert.Equal(token, Assert.Single(_tail.Values));
    }

    [Fact]
    public void What_is_carried_is_bounded()
    {
        for (var i = 0; i < 50; i++)
        {
            _tail.Next(new string('a', 10_000), _found);
        }

        Assert.InRange(_tail.Tail.Length, 1, 700);
        _tail.Next("eyJ", _found);
        _tail.Next(new string('a', 10_000), _found);
        Assert.InRange(_tail.Tail.Length, 1, 700);
    }
}
