using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>Of what all callers of a server share, none takes so much that nothing is left for another.</summary>
public sealed class FairShareTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_caller_opens_half_of_a_servers_sessions_and_another_still_gets_one(bool isStdio)
    {
        await using var sse = await LegacySseAsync();
        var server = isStdio ? ShellServer.Config("legacy", stdio => stdio with { MaxProcesses = 4 })
            : GatewayHarness.ServerOf("shell", sse.Address) with { Transport = UpstreamTransport.LegacySse };
        await using var gateway = await StartAsync(server, new BridgeLimits { MaxStreams = 4 });
        var (alice, bob) = (await gateway.CreateKeyAsync("alice"), await gateway.CreateKeyAsync("bob"));

        Assert.Equal("200, 200, 503", await OpenAsync(gateway, alice, 3));
        Assert.Equal("200, 200, 503", await OpenAsync(gateway, bob, 3));
    }

    [Fact]
    public async Task The_one_user_of_a_machine_has_it_whole()
    {
        await using var gateway = await StartAsync(ShellServer.Config("legacy", stdio => stdio with { MaxProcesses = 3 }), new BridgeLimits());

        Assert.Equal("200, 200, 200, 503", await OpenAsync(gateway, key: null, 4));
    }

    [Fact]
    public async Task One_callers_waiting_requests_leave_room_for_anothers_in_a_process_they_share()
    {
        await using var gateway = await StartAsync(ShellServer.Config("modern"), new BridgeLimits { MaxPendingShared = 4 });
        var (alice, bob) = (await gateway.CreateKeyAsync("alice"), await gateway.CreateKeyAsync("bob"));
        using var over = new CancellationTokenSource();
        Task<HttpResponseMessage>[] waiting = [.. Enumerable.Range(0, 4).Select(i => gateway.Client.SendAsync(By(alice, Wire.Post("shell", Wire.Request($"{i}", "test/silent"))), over.Token))];
        await Task.WhenAny(waiting);

        Assert.Contains("pid", await gateway.TextAsync(By(bob, Wire.Post("shell", Wire.Request("1", "test/pid"))), 200), StringComparison.Ordinal);

        await Eventually.TrueAsync(() => waiting.Count(each => each.IsCompletedSuccessfully) == 2);
        foreach (var refused in waiting.Where(each => each.IsCompletedSuccessfully))
        {
            using var response = await refused;
            Assert.Equal(429, (int)response.StatusCode);
        }

        await over.CancelAsync();
    }

    private static Task<GatewayHarness> StartAsync(ServerConfig server, BridgeLimits limits) => GatewayHarness.StartAsync(
        config => config with { Servers = GatewayConfig.Empty.Servers.Add("shell", server) }, "gw-1", keys: null, services => services.AddSingleton(limits));

    private static async Task<string> OpenAsync(GatewayHarness gateway, string? key, int count)
    {
        var statuses = new int[count];
        for (var i = 0; i < count; i++)
        {
            using var response = await gateway.Client.SendAsync(By(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
            statuses[i] = (int)response.StatusCode;
        }

        return string.Join(", ", statuses);
    }

    private static HttpRequestMessage By(string? key, HttpRequestMessage request)
    {
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        }

        return request;
    }

    /// <summary>A server of 2024-11-05 that opens as many streams as it is asked for.</summary>
    private static async Task<FakeServer> LegacySseAsync()
    {
        var server = await FakeServer.StartAsync();
        var streams = new System.Collections.Concurrent.ConcurrentDictionary<string, HttpContext>(StringComparer.Ordinal);
        server.Answer = async (http, body) =>
        {
            if (http.Request.Method == "GET")
            {
                var name = $"s{streams.Count}";
                streams[name] = http;
                await FakeServer.WriteEvents(http, $"event: endpoint\ndata: {http.Request.Path}?s={name}\n\n");
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }

            http.Response.StatusCode = StatusCodes.Status202Accepted;
            if (body.Contains("\"initialize\"", StringComparison.Ordinal))
            {
                await FakeServer.WriteEvents(streams[http.Request.Query["s"].ToString()], Wire.Event("{\"jsonrpc\":\"2.0\",\"id\":" + Wire.IdOf(body) + ",\"result\":{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{}}}"));
            }
        };
        return server;
    }
}
