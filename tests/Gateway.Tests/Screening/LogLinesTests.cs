using System.Text;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tests.Screening;

public sealed class LogLinesTests
{
    private readonly LogLines _lines = new();

    [Fact]
    public void A_line_of_a_server_is_logged_without_its_secrets()
    {
        var (one, two) = (Screened.Token(50), Screened.Token(51));

        Assert.Equal("GET / with [secret:gitlab-token] and [secret:gitlab-token]; ada@northwind.net", Next($"GET / with {one} and {two}; ada@northwind.net"));
        Assert.Equal("nothing here", Next("nothing here"));
    }

    [Theory]
    [InlineData("RSA PRIVATE KEY")]
    [InlineData("PRIVATE KEY")]
    [InlineData("PGP PRIVATE KEY BLOCK")]
    public void A_private_key_in_lines_is_logged_in_none_of_them(string label)
    {
        var body = Enumerable.Range(0, 30).Select(i => Screened.Token(i)[6..] + Screened.Token(100 + i)[6..]).ToArray();
        string[] shown = [Next($"read -----BEGIN {label}-----"), .. body.Select(Next), Next($"  -----END {label}----- from a file"), Next("ready")];

        Assert.Equal(["read [secret:private-key]", .. body.Select(_ => "[secret:private-key]"), "[secret:private-key] from a file", "ready"], shown);
    }

    [Fact]
    public void Numbers_behind_a_secret_do_not_crowd_it_out_of_what_is_looked_for()
    {
        var (key, cards) = ($"api_key = \"{Screened.Token(61)[6..]}\"", Enumerable.Range(0, 40).Select(i => Card($"453201{i * 7919 + 100000000}")));

        Assert.StartsWith("api_key = \"[secret:", Next(key), StringComparison.Ordinal);
        Assert.Equal("[not shown: more values than can be looked through]", Next($"{key} {string.Join(", ", cards)}"));
        Assert.Equal("ready", Next("ready"));
    }

    [Fact]
    public void A_key_that_begins_and_ends_in_lines_that_are_not_shown_is_one_all_the_same()
    {
        _lines.Skip("-----BEGIN PRIVATE KEY-----"u8);

        Assert.Equal("[secret:private-key]", Next(Screened.Token(60)[6..]));
        _lines.Skip("-----END PRIVATE KEY-----"u8);
        Assert.Equal("ready", Next("ready"));
    }

    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY")]
    [InlineData("wants -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----")]
    public void What_opens_no_private_key_hides_nothing(string line)
    {
        Assert.Equal(line, Next(line));
        Assert.Equal("ready", Next("ready"));
    }

    [Fact]
    public void A_key_that_never_ends_does_not_silence_a_server()
    {
        Next("no -----BEGIN PRIVATE KEY----- in the file");

        Assert.Contains("ready", Enumerable.Range(0, 1000).Select(_ => Next("ready")));
    }

    private static string Card(string digits)
    {
        var sum = digits.Reverse().Select((c, i) => (c - '0') * (i % 2 == 0 ? 2 : 1)).Sum(each => each > 9 ? each - 9 : each);
        return $"{digits}{(10 - (sum % 10)) % 10}";
    }

    private string Next(string line) => _lines.Next(Encoding.UTF8.GetBytes(line));
}
