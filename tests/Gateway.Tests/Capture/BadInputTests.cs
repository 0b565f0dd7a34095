using System.Net.Sockets;
using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Capture;

public sealed class BadInputTests
{
    public static TheoryData<string, int, int> Bodies => new()
    {
        { "nonsense", 400, -32700 },
        { "", 400, -32700 },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"method\":\"ping\"}", 400, -32600 },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"Method\":\"ping\"}", 400, -32600 },
        { "[]", 400, -32600 },
        { "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", 400, -32600 },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":" + new string('[', 100) + new string(']', 100) + "}", 400, -32600 },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{}}", 400, -32602 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_no_message_is_refused_and_recorded(string body, int status, int code)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.PostRaw("demo", body, Wire.Modern);
        request.Headers.TryAddWithoutValidation("Mcp-Method", "tools/list");

        var text = await gateway.TextAsync(request, status);

        Assert.Contains("\"error\"", text, StringComparison.Ordinal);
        var refused = Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
        Assert.Equal(status, refused.Status);
        Assert.Equal(code, refused.Code);
        Assert.Contains(code.ToString(System.Globalization.CultureInfo.InvariantCulture), text, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Fact]
    public async Task A_header_that_differs_from_the_body_is_refused_with_the_id()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("41", "delete_everything"));
        request.Headers.Remove("Mcp-Name");
        request.Headers.TryAddWithoutValidation("Mcp-Name", "echo");

        var text = await gateway.TextAsync(request, 400);

        Assert.Contains("-32020", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":41", text, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Fact]
    public async Task A_header_that_comes_twice_is_refused()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var body = Wire.Call("41", "echo");
        var answer = await RawAsync(gateway, $"POST /s/demo/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: other\r\nMcp-Name: echo\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("-32020", answer, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html")]
    [InlineData("")]
    public async Task An_Accept_without_both_forms_is_refused(string accept)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Headers.Remove("Accept");
        request.Headers.TryAddWithoutValidation("Accept", accept);

        await gateway.TextAsync(request, 406);

        Assert.Equal(406, Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync())).Status);
    }

    [Fact]
    public async Task A_body_of_another_type_is_refused()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Content!.Headers.ContentType = new("text/plain");

        await gateway.TextAsync(request, 415);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_refused_and_what_was_read_is_recorded(bool isChunked)
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Limits = new() { MaxRequestBytes = 1000 } });
        using var request = Wire.Post("demo", Wire.Call("1", "echo", "{\"text\":\"" + new string('x', 2000) + "\"}"));
        request.Headers.TransferEncodingChunked = isChunked;

        await gateway.TextAsync(request, 413);

        var refused = Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
        Assert.True(refused.Request.Partial);
        Assert.Equal(isChunked ? 1000 : 0, refused.Request.Size);
    }

    [Fact]
    public async Task A_body_that_trickles_in_is_given_up_in_time()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Limits = new() { BodyTimeout = TimeSpan.FromMilliseconds(200) } });

        var answer = await RawAsync(gateway, "POST /s/demo/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\"");

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        var refused = Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
        Assert.Equal("{\"jsonrpc\"", Encoding.UTF8.GetString(Convert.FromBase64String(refused.Request.Base64!)));
    }

    [Theory]
    [InlineData("evil.example", null, 403)]
    [InlineData("localhost:1234", null, 200)]
    [InlineData("[::1]:80", null, 200)]
    [InlineData("localhost.evil.example", null, 403)]
    [InlineData("localhost", "http://evil.example", 403)]
    [InlineData("localhost", "null", 403)]
    [InlineData("localhost", "http://localhost:6274", 200)]
    [InlineData("localhost", "file://localhost", 403)]
    public async Task A_rebound_name_and_a_strange_page_get_nothing(string host, string? origin, int status)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Headers.Host = host;
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        await gateway.TextAsync(request, status);

        Assert.Equal(status == 200 ? 1 : 0, gateway.Upstream.Requests.Count);
        Assert.Equal(status == 403, (await gateway.CallsAsync())[0] is CallRefused);
    }

    [Theory]
    [InlineData("cross-site", 403)]
    [InlineData("same-site", 403)]
    [InlineData("same-origin", 200)]
    [InlineData("none", 200)]
    public async Task A_page_that_leads_a_browser_here_without_an_Origin_opens_nothing(string site, int status)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, ": here\n\n");
        using var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy);
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);

        await gateway.TextAsync(request, status);

        Assert.Equal(status == 200 ? 1 : 0, gateway.Upstream.Requests.Count);
    }

    [Fact]
    public async Task A_message_of_another_era_in_an_array_is_refused_alone()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var modern = Wire.Request("1", "tools/call", "\"name\":\"echo\"");

        var text = await gateway.TextAsync(Wire.PostRaw("demo", $"[{modern},{Wire.LegacyRequest("2", "ping")}]", "2025-03-26"), 200);

        Assert.Contains("\"id\":1,\"error\":{\"code\":-32020", text, StringComparison.Ordinal);
        Assert.Equal(Wire.LegacyRequest("2", "ping"), Assert.Single(gateway.Upstream.Requests).Body);
    }

    [Fact]
    public async Task An_array_under_two_version_headers_is_refused()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var body = $"[{Wire.LegacyRequest("2", "ping")}]";

        var answer = await RawAsync(
            gateway,
            $"POST /s/demo/mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: */*\r\nMCP-Protocol-Version: 2025-03-26\r\nMCP-Protocol-Version: 2026-07-28\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.Contains("more than once", answer, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Fact]
    public async Task A_server_that_does_not_exist_is_refused_and_recorded_under_the_name_that_was_asked_for()
    {
        await using var gateway = await GatewayHarness.StartAsync();

        await gateway.TextAsync(Wire.Post("nowhere", Wire.Call("1", "echo")), 404);

        Assert.Equal("nowhere", Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync())).What.Server);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task The_modern_era_knows_only_POST(string method)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var response = await gateway.Client.SendAsync(Wire.Send(new(method), "demo", Wire.Modern));

        Assert.Equal(405, (int)response.StatusCode);
        Assert.Contains("POST", response.Content.Headers.Allow);
        Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
    }

    [Fact]
    public async Task A_server_for_modern_clients_only_refuses_legacy_ones()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { ModernOnly = true }) });

        var text = await gateway.TextAsync(Wire.PostRaw("demo", Wire.Initialize("0")), 400);

        Assert.Contains("-32022", text, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Fact]
    public async Task A_revision_that_is_not_served_is_answered_with_those_that_the_server_said_it_speaks()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"supportedVersions\":[\"2026-07-28\",\"2099-01-01\"]"));
        var unknown = Wire.Call("1", "echo").Replace(Wire.Modern, "2031-01-01", StringComparison.Ordinal);

        Assert.Contains("2024-11-05", await gateway.TextAsync(Wire.PostRaw("demo", unknown, "2031-01-01"), 400), StringComparison.Ordinal);
        await gateway.TextAsync(Wire.Post("demo", Wire.Request("1", "server/discover")), 200);

        Assert.Contains("\"data\":{\"supported\":[\"2026-07-28\"],\"requested\":\"2031-01-01\"}", await gateway.TextAsync(Wire.PostRaw("demo", unknown, "2031-01-01"), 400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_strangers_is_bounded_and_the_rest_is_counted()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false });
        var statuses = new List<int>();
        for (var i = 0; i < 120; i++)
        {
            using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("1", "echo")));
            statuses.Add((int)response.StatusCode);
        }

        Assert.Contains(429, statuses);
        Assert.InRange((await gateway.CallsAsync()).Count, 50, 119);
        Assert.DoesNotContain(200, statuses);
    }

    [Fact]
    public async Task A_page_that_floods_a_gateway_of_this_machine_is_a_stranger_and_bounded_too()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var statuses = new List<int>();
        for (var i = 0; i < 120; i++)
        {
            using var request = Wire.Post("demo", Wire.Call("1", "echo"));
            request.Headers.TryAddWithoutValidation("Origin", "http://evil.example");
            using var response = await gateway.Client.SendAsync(request);
            statuses.Add((int)response.StatusCode);
        }

        var refused = (await gateway.CallsAsync()).Cast<CallRefused>().ToList();
        Assert.Equal([403, 429], statuses.Distinct().Order());
        Assert.InRange(refused.Count, 50, 119);
        Assert.All(refused, call => Assert.Equal(("unknown", 403), (call.Who.Principal, call.Status)));
    }

    private static async Task<string> RawAsync(GatewayHarness gateway, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            // What was asked for is there before the server gives up the rest of the request and resets the connection.
            while (!answer.ToString().EndsWith("}}", StringComparison.Ordinal) && await stream.ReadAsync(buffer) is var read and > 0)
            {
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (IOException) when (answer.Length > 0)
        {
            return answer.ToString();
        }

        return answer.ToString();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX: {70000}\r\n\r\n", 431)]
    [InlineData("\u0016\u0003\u0001 not http\r\n\r\n", 400)]
    [InlineData("POST /s/demo/mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400)]
    public async Task What_the_http_server_refuses_before_anybody_sees_it_is_recorded(string request, int status)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
        await socket.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(request.Replace("{70000}", new string('a', 70_000), StringComparison.Ordinal)));

        var refused = await gateway.RecordedAsync<CallRefused>(_ => true);

        Assert.Equal((status, "unreadable", Verdict.Refused), (refused.Status, refused.What.Kind, refused.Decision.Verdict));
        Assert.Contains("could not be read", refused.Decision.Reason, StringComparison.Ordinal);
        Assert.Empty(gateway.Upstream.Requests);
    }
}
