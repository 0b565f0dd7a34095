using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>Where the value of a name ends.</summary>
public sealed class SecretCandidateTests
{
    private static readonly string Long = new Draw(63).Text(SecretToken.Alphanumeric, 1200);

    [Theory]
    [InlineData("Tr0ub4dor&3xK9")]
    [InlineData("p4ss;W0rd!77")]
    [InlineData("kV9,x7Qp2)mZ")]
    [InlineData("q|R8'zX>41`wT")]
    public void The_value_of_a_member_is_all_of_its_string(string value) => Assert.Equal(("generic-secret", value), Assert.Single(Searching.Json($$"""{"user":"ann","password":"{{value}}","n":1}""")));

    [Theory]
    [InlineData("refresh_token={0}")]
    [InlineData("refresh_token = \"{0}\"")]
    [InlineData("Server=db1;Password={0};Pooling=true")]
    [InlineData("Authorization: Bearer {0}")]
    public void A_long_value_goes_to_its_end(string text) => Assert.Equal(Long, Assert.Single(Searching.Text(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Long))).Value);

    [Fact]
    public void A_long_value_of_a_member_goes_to_its_end_and_a_scheme_before_it_stays()
    {
        Assert.Equal(Long, Assert.Single(Searching.Json($$"""{"refresh_token":"{{Long}}"}""")).Value);
        Assert.Equal(Long, Assert.Single(Searching.Json($$"""{"authorization":"Bearer {{Long}}"}""")).Value);
    }

    [Theory]
    [InlineData("""{"password":"required"}""")]
    [InlineData("""{"token_help":"Ask whoever runs the server for one, and keep it to yourself."}""")]
    [InlineData("""{"secret":{"x":"Tr0ub4dor3xK9"}}""")]
    [InlineData("""{"authors":"Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit"}""")]
    [InlineData("""{"author_bio":"Maria writes about gardening and lives in Lisbon with two cats."}""")]
    [InlineData("""{"passwordMessage":"Must have at least 8 characters, one of them a digit"}""")]
    [InlineData("""{"token_usage":"Prompt 1200, completion 340, total 1540"}""")]
    [InlineData("""{"auth_status":"Signed in as Jane Doe, Berlin office"}""")]
    [InlineData("""{"lastAuthenticated":"Tuesday, 24 November 2026 at 10:15"}""")]
    [InlineData("""{"token_help":"Ask whoever runs the server for one, and keep it safe."}""")]
    public void What_is_no_secret_stays(string message) => Assert.Empty(Searching.Json(message));

    [Fact]
    public void Prose_behind_a_value_does_not_hide_it() => Assert.StartsWith("hT7xQ9vLm2Zr", Assert.Single(Searching.Json("""{"password":"hT7xQ9vLm2Zr, and please do change it soon after that"}""")).Value, StringComparison.Ordinal);

    [Theory]
    [InlineData("password = \"Zx9!kV@q7Lw2.com\"", "Zx9!kV@q7Lw2.com")]
    [InlineData("{\"db_password\":\"Zx9!kV@q7Lw2.com\"}", "Zx9!kV@q7Lw2.com")]
    public void A_secret_in_which_an_address_could_be_read_is_a_secret(string text, string secret) => Assert.Equal(("generic-secret", secret), Assert.Single(text[0] == '{' ? Searching.Json(text) : Searching.Text(text)));

    [Fact]
    public void What_is_found_inside_a_secret_leaves_no_rest_of_it() =>
        Assert.Equal("xK9.4539148803436467.pQ7z", Assert.Single(Searching.Text("db_password = \"xK9.4539148803436467.pQ7z\"")).Value);
}
