using System.Collections.Immutable;
using System.Net;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams;
using McpLedger.Gateway.Upstreams.LegacySse;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>Hosts that drop packets: no connection is refused, none comes about either.</summary>
public sealed class UnreachableTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_destination_that_drops_packets_is_passed_over_and_taken_out_while_the_answer_is_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a full queue of connections does is the system's own.");
        using var silent = new SilentHost();
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", GatewayHarness.ServerOf("demo", silent.Address, config.Servers["demo"].Destinations.Values.Single()) with { Balancing = "FirstAlphabetical", ResponseTimeout = TimeSpan.FromSeconds(2) }),
        });

        await PassesOverAsync(gateway);
    }

    [Fact]
    public async Task A_bound_on_connecting_changes_with_the_wait_that_it_belongs_to()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a full queue of connections does is the system's own.");
        using var silent = new SilentHost();
        await using var gateway = await GatewayHarness.StartAsync();
        var server = GatewayHarness.ServerOf("demo", silent.Address, gateway.Upstream.Address) with { Balancing = "FirstAlphabetical" };
        await gateway.PublishAsync(gateway.OpenConfig() with { Servers = gateway.OpenConfig().Servers.SetItem("demo", server) });
        var before = gateway.Get<Clusters>().Find("demo")!.Model;
        await gateway.PublishAsync(gateway.OpenConfig() with { Servers = gateway.OpenConfig().Servers.SetItem("demo", server with { ResponseTimeout = TimeSpan.FromSeconds(2) }) });
        await Eventually.TrueAsync(() => gateway.Get<Clusters>().Find("demo")!.Model != before);

        await PassesOverAsync(gateway);
    }

    [Fact]
    public async Task A_destination_that_drops_packets_is_passed_over_and_taken_out()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a full queue of connections does is the system's own.");
        using var silent = new SilentHost();
        await using var gateway = await GatewayHarness.StartAsync(
            config => config with
            {
                Servers = config.Servers.SetItem("demo", GatewayHarness.ServerOf("demo", silent.Address, config.Servers["demo"].Destinations.Values.Single()) with { Balancing = "FirstAlphabetical" }),
            },
            "gw-1",
            keys: null,
            services => services.AddSingleton<IForwarderHttpClientFactory, HastyClients>());

        await PassesOverAsync(gateway);
    }

    private static async Task PassesOverAsync(GatewayHarness gateway)
    {
        Assert.Contains("\"ok\":true", await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200), StringComparison.Ordinal);

        Assert.Equal("d1", (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Where.Upstream);
        var passedOver = gateway.Get<Clusters>().Find("demo")!.Destinations["d0"];
        await Eventually.TrueAsync(() => passedOver.Health.Passive == DestinationHealth.Unhealthy);
    }

    [Fact]
    public async Task An_owner_that_drops_packets_is_gone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a full queue of connections does is the system's own.");
        using var silent = new SilentHost();
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await GatewayHarness.StartAsync(config => config with { Servers = config.Servers.Add("shell", ShellServer.Config("legacy")) }, "gw-1", file);
        await using var other = await GatewayHarness.StartAsync(
            config => config with { Servers = config.Servers.Add("shell", ShellServer.Config("legacy")), Peers = ImmutableDictionary<string, Uri>.Empty.Add("gw-1", silent.Address) }, "gw-2", file);
        using var opening = Wire.PostRaw("shell", Wire.Initialize("0"));
        opening.Headers.TryAddWithoutValidation("Authorization", "Bearer " + await owner.CreateKeyAsync("alice"));
        using var opened = await owner.Client.SendAsync(opening);
        using var call = Wire.PostRaw("shell", Wire.LegacyRequest("1", "test/pid"), Wire.Legacy, opened.Headers.GetValues("Mcp-Session-Id").Single());
        call.Headers.TryAddWithoutValidation("Authorization", "Bearer " + await other.CreateKeyAsync("alice"));

        Assert.Contains("The replica that held the session is gone", await other.TextAsync(call, 404), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_stream_that_does_not_come_about_is_tried_again_and_is_no_exception()
    {
        var tries = 0;
        using var http = new HttpMessageInvoker(new Scripted(_ =>
        {
            tries++;
            throw new TaskCanceledException("", new TimeoutException());
        }));
        await using var gateway = new BridgeHarness(Server(), new LegacySseBridge(http, new(), BridgeHarness.Telemetry(), TimeProvider.System));

        var answer = await gateway.PostAsync(null, Wire.Initialize("0"));

        Assert.Equal((503, 3), (answer.Status, tries));
    }

    [Fact]
    public async Task A_message_whose_connection_does_not_come_about_leaves_nothing_waiting()
    {
        using var http = new HttpMessageInvoker(new Scripted(request => request.Method == HttpMethod.Get
            ? new(HttpStatusCode.OK) { Content = new StringContent("event: endpoint\ndata: /messages\n\n", null, "text/event-stream") }
            : throw new TaskCanceledException("", new TimeoutException())));
        var (link, _) = await SseLink.OpenAsync(http, Server(), new("http://upstream/sse"), new(), TimeProvider.System, () => { }, CancellationToken.None);
        await using (link)
        {
            Assert.Equal(502, (await link!.SendAsync("{}"u8.ToArray(), CancellationToken.None))!.Status);
        }
    }

    private static ServerConfig Server() => new()
    {
        Name = "sse",
        Transport = UpstreamTransport.LegacySse,
        Destinations = ImmutableSortedDictionary.Create<string, Uri>(StringComparer.Ordinal).Add("d1", new("http://upstream/sse")),
    };

    private sealed class HastyClients : ForwarderHttpClientFactory
    {
        protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
        {
            base.ConfigureHandler(context, handler);
            handler.ConnectTimeout = Patience;
        }
    }

    private sealed class Scripted(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }
}
