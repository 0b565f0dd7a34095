using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Capture;

/// <summary>The one header that a client's GET says something with: bounded, and recorded like a message.</summary>
public sealed class LastEventIdTests
{
    [Theory]
    [InlineData("long")]
    [InlineData("twice")]
    [InlineData("tab\tin it")]
    public async Task One_that_no_event_has_is_refused_with_400_that_says_so(string what)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", what == "long" ? new string('a', 1025) : what);
        if (what == "twice")
        {
            using var client = new RawClient(gateway.Address);
            Assert.Contains("400", await client.GetAsync("Last-Event-ID: 1\r\nLast-Event-ID: 2\r\n"), StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains("Last-Event-ID", await gateway.TextAsync(request, 400), StringComparison.Ordinal);
        }

        Assert.Empty(gateway.Upstream.Requests);
        Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
    }

    [Fact]
    public async Task One_that_passes_stands_in_the_intent()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var id = new string('a', 1024);

        await ResumeAsync(gateway, id);

        Assert.Equal(id, gateway.Upstream.Requests.Single().Headers["Last-Event-ID"]);
        Assert.Equal("Last-Event-ID: " + id, Screening.Screened.Text((await gateway.CallsAsync()).OfType<CallIntended>().Single().Request));
    }

    [Fact]
    public async Task A_secret_in_it_is_not_recorded()
    {
        await using var gateway = await Screening.Screened.StartAsync();
        var token = Screening.Screened.Token(40);

        await ResumeAsync(gateway, token);

        Assert.Equal(token, gateway.Upstream.Requests.Single().Headers["Last-Event-ID"]);
        var intended = (await gateway.CallsAsync()).OfType<CallIntended>().Single();
        Assert.StartsWith("Last-Event-ID: [secret:gitlab-token:", Screening.Screened.Text(intended.Request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_without_one_has_an_empty_request()
    {
        await using var gateway = await GatewayHarness.StartAsync();

        await ResumeAsync(gateway, null);

        Assert.Equal(0, (await gateway.CallsAsync()).OfType<CallIntended>().Single().Request.Size);
    }

    private static Task<string> ResumeAsync(GatewayHarness gateway, string? id)
    {
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, ": ping\n\n");
        var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy);
        if (id is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", id);
        }

        return gateway.TextAsync(request, 200);
    }

    // The HTTP client of .NET joins what is sent twice.
    private sealed class RawClient(Uri address) : IDisposable
    {
        private readonly System.Net.Sockets.TcpClient _client = new(address.Host, address.Port);

        public async Task<string> GetAsync(string headers)
        {
            await using var stream = _client.GetStream();
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET /s/demo/mcp HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: {Wire.Legacy}\r\n{headers}\r\n"));
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync();
        }

        public void Dispose() => _client.Dispose();
    }
}
