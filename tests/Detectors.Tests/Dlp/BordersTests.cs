using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>Values right behind an escape of the text's own: at the beginning of a line in JSON that stands in a string, in the query of an address.</summary>
public sealed class BordersTests
{
    private static readonly string Token = MadeValues.Entities["github-token"].Make(new(61));
    private static readonly string KeyId = MadeValues.Entities["aws-access-key-id"].Make(new(62));
    private const string KeySecret = "wJ7rXUtnFEMIkK7MDENGbPxRfiCYzzQ3uLd9Vh2T";

    public static TheoryData<string> Escapes => [@"\n", @"\r\n", @"\t", @"\u000a", @"\u003d", @"\x0a", @"\\n", "%0A", "%3D", "%20"];

    [Theory, MemberData(nameof(Escapes))]
    public void What_begins_behind_an_escape_is_found_from_its_first_sign(string escape)
    {
        (string Rule, string Value)[] values =
        [
            ("github-token", Token), ("aws-access-key-id", KeyId), ("aws-secret-key", KeySecret), ("card-number", "4539148803436467"), ("email-address", "alice@northwind.net"), ("iban", "DE89370400440532013000"),
            ("ip-address", "52.94.236.248"),
        ];

        Assert.Equal(values, Searching.Text($"first line{string.Concat(values.Select(value => escape + value.Value))}{escape}"));
    }

    [Fact]
    public void A_percent_sign_that_is_itself_hides_no_number() => Assert.Equal(("card-number", "4539148803436467"), Assert.Single(Searching.Text("100%4539148803436467")));

    [Fact]
    public void Inside_a_word_nothing_begins() => Assert.Empty(Searching.Text($@"x{Token} C:\dir\x{Token} n{Token} 0A{Token}"));
}
