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
    [InlineData("""{"authored_date":"2024-05-01T12:00:00Z"}""")]
    [InlineData("""{"lastAuthenticated":"2024-05-01T12:00:00.123+02:00"}""")]
    [InlineData("""{"token_expires_at":"2024-05-01 12:00:00"}""")]
    [InlineData("""{"token_expires":"20240501T120000Z"}""")]
    [InlineData("""{"password_changed":"2024-05-01"}""")]
    [InlineData("""{"author_avatar_url":"https://avatars.githubusercontent.com/u/583231?v=4"}""")]
    [InlineData("""{"auth_callback":"https://login.contoso.com/oauth2/v2.0/authorize?response_type=id&client=a83kd92mq"}""")]
    [InlineData("""{"nextPageToken":"CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA"}""")]
    [InlineData("""{"continuationToken":"eyJvZmZzZXQiOjUwLCJzIjoiYSJ9kQ"}""")]
    [InlineData("""{"next_token":"CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA"}""")]
    [InlineData("""{"author_id":"MDQ6VXNlcjU4MzIzMQ8xQz"}""")]
    [InlineData("authored_date: 2024-05-01T12:00:00Z")]
    [InlineData("nextPageToken=CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA")]
    public void What_is_no_secret_stays(string message) => Assert.Empty(message[0] == '{' ? Searching.Json(message) : Searching.Text(message));

    [Theory]
    [InlineData("author_email")]
    [InlineData("auth_contact")]
    public void A_mail_address_is_one_whatever_promises_a_secret(string name) => Assert.Equal(("email-address", "mona.lisa7@contoso.com"), Assert.Single(Searching.Json($$"""{"{{name}}":"mona.lisa7@contoso.com"}""")));

    [Theory]
    [InlineData("""{"authorization":"hT7xQ9vLm2ZrkV9x7Qp2"}""", "hT7xQ9vLm2ZrkV9x7Qp2")]
    [InlineData("""{"author_token":"hT7xQ9vLm2ZrkV9x7Qp2"}""", "hT7xQ9vLm2ZrkV9x7Qp2")]
    [InlineData("""{"auth_token":"hT7xQ9vLm2ZrkV9x7Qp2"}""", "hT7xQ9vLm2ZrkV9x7Qp2")]
    [InlineData("""{"auth_token":"20240501-kV9x7Qp2hT7xQ9vL"}""", "20240501-kV9x7Qp2hT7xQ9vL")]
    [InlineData("""{"auth_url":"https://h.example/cb?access_token=hT7xQ9vLm2ZrkV9x7Qp2"}""", "hT7xQ9vLm2ZrkV9x7Qp2")]
    public void What_is_only_named_or_begins_like_one_of_those_goes(string message, string secret) => Assert.EndsWith(secret, Assert.Single(Searching.Json(message)).Value, StringComparison.Ordinal);

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
