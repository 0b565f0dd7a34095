using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.LegacySse;
using McpLedger.Testing.Processes;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>The reference server of the protocol's authors, over both transports that are bridged.</summary>
public sealed class RealServerTests
{
    private static string Node => Path.Combine(Built.NodeTools!, ".bin", "node");

    private static string Everything => Path.Combine(Built.NodeTools!, "@modelcontextprotocol", "server-everything", "dist", "index.js");

    [Fact]
    public async Task Everything_over_stdio_works_as_over_streamable_http()
    {
        SkipWithoutNode();
        var config = ShellServer.Config("legacy", stdio => stdio with { Command = Node, Arguments = [Everything, "stdio"] });
        await using var gateway = new BridgeHarness(config);
        await ConverseAsync(gateway);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends when its stdin closes");
    }

    [Fact]
    public async Task Everything_over_stdio_tells_modern_clients_its_legacy_version()
    {
        SkipWithoutNode();
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", stdio => stdio with { Command = Node, Arguments = [Everything, "stdio"] }));
        var answer = await gateway.CallAsync(null, 1, "tools/list", McpEra.Modern);
        Assert.Equal(400, answer.Status);
        Assert.Contains("\"supported\":[\"2025-11-25\"]", await TextAsync(answer));
    }

    [Fact]
    public async Task Everything_over_http_and_sse_works_as_over_streamable_http()
    {
        SkipWithoutNode();
        var start = new ProcessStartInfo(Node, [Everything, "sse"]) { RedirectStandardError = true };
        var port = FreePort();
        start.Environment["PORT"] = $"{port}";
        using var server = Process.Start(start)!;
        try
        {
            while (await server.StandardError.ReadLineAsync().WaitAsync(Patience) is { } line && !line.Contains("running on port"))
            {
            }

            var drained = server.StandardError.ReadToEndAsync();
            var config = new ServerConfig
            {
                Name = "everything",
                Transport = UpstreamTransport.LegacySse,
                Destinations = ImmutableSortedDictionary.Create<string, Uri>(StringComparer.Ordinal).Add("d1", new($"http://127.0.0.1:{port}/sse")),
            };
            await using var gateway = new BridgeHarness(config, new LegacySseBridge(LegacySseBridge.CreateClient(), new(), Telemetry(), TimeProvider.System));
            await ConverseAsync(gateway);
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task ConverseAsync(BridgeHarness gateway)
    {
        var session = await gateway.OpenAsync();
        Assert.Equal(202, (await gateway.PostAsync(session, """{"jsonrpc":"2.0","method":"notifications/initialized"}""")).Status);
        Assert.Contains("\"name\":\"echo\"", await TextAsync(await gateway.PostAsync(session, """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""")));
        Assert.Contains(
            "Echo: hello ∀",
            await TextAsync(await gateway.PostAsync(session, """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello ∀"}}}""")));
        var slow = await gateway.PostAsync(
            session,
            """{"jsonrpc":"2.0","id":"slow","method":"tools/call","params":{"name":"trigger-long-running-operation","arguments":{"duration":0.3,"steps":3},"_meta":{"progressToken":"p"}}}""");
        var events = await EventsAsync(slow.Body!, 4);
        Assert.All(events.Take(3), e => Assert.Contains("notifications/progress", e.Data));
        Assert.Contains("\"id\":\"slow\"", events[3].Data);
        Assert.Equal(200, (await gateway.SendAsync("DELETE", session, null)).Status);
    }

    private static void SkipWithoutNode() =>
        Assert.SkipUnless(Built.NodeTools is not null && File.Exists(Everything), "The npm server is not installed: run tests/install-node.sh where npm is reachable.");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
