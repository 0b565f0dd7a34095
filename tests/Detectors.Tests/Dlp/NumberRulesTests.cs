using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>Numbers beside other numbers, a separator away.</summary>
public sealed class NumberRulesTests
{
    private const string Card = "4539148803436467";
    private const string Grouped = "4539 1488 0343 6467";

    [Theory]
    [InlineData("1200 4120 3985 4120 4231 1710")]
    [InlineData("1204 4539 1488 0343 6467 2210 1837")]
    public void A_row_of_numbers_of_four_digits_has_no_cards_in_it(string row) => Assert.Empty(Searching.Text(row));

    [Fact]
    public void A_card_that_is_said_to_be_one_is_found_in_a_row_too() => Assert.Equal(("card-number", Grouped), Assert.Single(Searching.Text($"card 1204 {Grouped} 2210")));

    [Theory]
    [InlineData("{1} 12/27 123", "card-number", Grouped)]
    [InlineData("2026-11-27 01:37:02 {0} charged", "card-number", Card)]
    [InlineData("{0} 100.00", "card-number", Card)]
    [InlineData("{0}/12/27/123", "card-number", Card)]
    [InlineData("12 {1} 7", "card-number", Grouped)]
    [InlineData("1 2 3 4 5 6 7 8 9 10 11 {1}", "card-number", Grouped)]
    [InlineData("219-09-9998 1980-01-02", "us-ssn", "219-09-9998")]
    [InlineData("1980-01-02 219-09-9998", "us-ssn", "219-09-9998")]
    [InlineData("4539\u00a01488\u00a00343\u00a06467", "card-number", "4539\u00a01488\u00a00343\u00a06467")]
    [InlineData("我的卡号是{0}。", "card-number", Card)]
    [InlineData("{0}です", "card-number", Card)]
    public void A_number_is_found_whatever_number_stands_beside_it(string text, string rule, string value) =>
        Assert.Equal((rule, value), Assert.Single(Searching.Text(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Card, Grouped))));

    [Theory]
    [InlineData("50186790703", "my card {0} is lost", true)]
    [InlineData("63042737339", "card number {0}.", true)]
    [InlineData("67597839271837283", "charged to the debit {0} today", true)]
    [InlineData("50186790703", "build {0} of the nightly", false)]
    [InlineData("18001607042045", "booked on {0}", true)]
    [InlineData("21317682849617", "booked on {0}", true)]
    [InlineData("18011607042045", "booked on {0}", false)]
    public void Debit_cards_of_any_length_count_beside_a_word_for_one_and_old_ranges_anywhere(string first, string text, bool isFound)
    {
        var card = MadeValues.WithLuhn(first);
        var found = Searching.Text(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, card));

        Assert.Equal(isFound ? [("card-number", card)] : [], found);
    }

    [Fact]
    public void Two_cards_side_by_side_are_two()
    {
        var other = MadeValues.WithLuhn("471604123456787");

        Assert.Equal(
            [("card-number", Card), ("card-number", other), ("card-number", Grouped), ("card-number", Spaced(other))],
            Searching.Text($"{Card} {other}\n{Grouped} {Spaced(other)}"));
    }

    [Theory]
    [InlineData("{0}.25 and 1.{0} and 12-{0}-3")]
    [InlineData("orders/{0}/12 and {0}/items")]
    [InlineData("4539 1488 0343 6460")]
    [InlineData("1234 4539 1488 0343 6460 1234")]
    [InlineData("1-219-09-9998 and 219-09-9998-1")]
    public void A_piece_of_something_else_is_no_number_of_its_own(string text) =>
        Assert.Empty(Searching.Text(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Card)));

    private static string Spaced(string card) => $"{card[..4]} {card[4..8]} {card[8..12]} {card[12..]}";
}
