using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Identity;

public sealed class IdentityTests
{
    [Theory]
    [InlineData("Authorization", "Bearer {0}")]
    [InlineData("X-Api-Key", "{0}")]
    public async Task The_holder_of_a_key_is_its_principal_and_the_key_stays_here(string header, string form)
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false });
        var key = await gateway.CreateKeyAsync("alice", "ops");
        using var request = Wire.Post("demo", Wire.Call("1", "echo"));
        request.Headers.TryAddWithoutValidation(header, string.Format(System.Globalization.CultureInfo.InvariantCulture, form, key));

        await gateway.TextAsync(request, 200);

        var who = Assert.IsType<CallIntended>((await gateway.CallsAsync())[0]).Who;
        Assert.Equal(("alice", "human", "ops"), (who.Principal, who.Kind, Assert.Single(who.Teams)));
        Assert.StartsWith("api-key:", who.Authentication, StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Upstream.Requests.Single().Headers.Values, value => value.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bad_key_is_nobody_even_on_loopback()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("5", "echo"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer mcpl_000000000000_" + new string('0', 64));

        using var response = await gateway.Client.SendAsync(request);

        Assert.Equal(401, (int)response.StatusCode);
        Assert.NotEmpty(response.Headers.WwwAuthenticate);
        Assert.Contains("\"id\":5", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("unknown", Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync())).Who.Principal);
        Assert.Empty(gateway.Upstream.Requests);
    }

    [Fact]
    public async Task A_revoked_key_stops_to_work()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false });
        var key = await gateway.CreateKeyAsync("alice");
        await gateway.AppendControlAsync(new KeyRevoked(key.Split('_')[1], "test"));
        var keys = gateway.Get<McpLedger.Gateway.Control.ControlState>();
        await Eventually.TrueAsync(() => !keys.Keys.Keys.Any());
        using var request = Wire.Post("demo", Wire.Call("5", "echo"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);

        await gateway.TextAsync(request, 401);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    [InlineData("McpLedger-Hop", "gw-9")]
    [InlineData("Cookie", "a=b")]
    public async Task A_request_that_was_passed_on_is_not_of_this_machine(string header, string value)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var request = Wire.Post("demo", Wire.Call("5", "echo"));
        request.Headers.TryAddWithoutValidation(header, value);

        await gateway.TextAsync(request, 401);
    }

    [Fact]
    public async Task Two_credentials_in_one_request_are_none()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var key = await gateway.CreateKeyAsync("alice");
        using var request = Wire.Post("demo", Wire.Call("5", "echo"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        request.Headers.TryAddWithoutValidation("X-Api-Key", key);

        await gateway.TextAsync(request, 401);
    }

    [Fact]
    public async Task Nothing_of_the_caller_reaches_the_server_but_what_may_and_our_own_headers_do()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            AnonymousOnLoopback = false,
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { Headers = config.Servers["demo"].Headers.Add("Authorization", "Bearer ours") }),
        });
        var key = await gateway.CreateKeyAsync("alice");
        using var request = Wire.Post("demo", Wire.Call("5", "echo"));
        foreach (var (name, value) in new[] { ("Authorization", "Bearer " + key), ("Cookie", "a=b"), ("DPoP", "x"), ("Proxy-Authorization", "x"), ("X-Forwarded-For", "1.2.3.4"), ("Mcp-Session-Id", "stolen"), ("X-Other", "x"), ("Last-Event-ID", "9"), ("Mcp-Param-Region", "eu") })
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers.SetCookie = "s=1";
            http.Response.Headers["X-Powered-By"] = "y";
            http.Response.Headers["Mcp-Session-Id"] = "minted";
            return FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));
        };
        using var response = await gateway.Client.SendAsync(request);

        Assert.Equal(200, (int)response.StatusCode);
        var seen = gateway.Upstream.Requests.Single().Headers;
        Assert.Equal("Bearer ours", seen["Authorization"]);
        Assert.Equal(("eu", "tools/call", Wire.Modern), (seen["Mcp-Param-Region"], seen["Mcp-Method"], seen["MCP-Protocol-Version"]));
        Assert.All(["Cookie", "DPoP", "Proxy-Authorization", "X-Forwarded-For", "Mcp-Session-Id", "X-Other", "Last-Event-ID", "X-Api-Key"], name => Assert.DoesNotContain(name, seen.Keys));
        Assert.All(["Set-Cookie", "X-Powered-By", "Mcp-Session-Id"], name => Assert.False(response.Headers.Contains(name)));
    }
}
