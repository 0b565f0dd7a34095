using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tests.Screening;

public sealed class LogLineTests
{
    [Fact]
    public void A_line_of_a_server_is_logged_without_its_secrets()
    {
        var (one, two) = (Screened.Token(50), Screened.Token(51));

        Assert.Equal("GET / with [secret:gitlab-token] and [secret:gitlab-token]; ada@northwind.net", LogLine.Of($"GET / with {one} and {two}; ada@northwind.net", new(8)));
        Assert.Equal("nothing here", LogLine.Of("nothing here", new(8)));
    }
}
