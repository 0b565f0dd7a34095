using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Tests.Upstreams;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Tests.Sessions;

public sealed class PeerHopTests
{
    [Fact]
    public async Task A_session_with_a_live_process_is_served_by_its_owner_through_any_replica()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        var key = await KeyAsync(owner, other);
        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        var ping = Wire.LegacyRequest("2", "test/pid");

        await other.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 404);
        await other.PublishAsync(other.Source.Current with { Peers = ImmutableDictionary<string, Uri>.Empty.Add("gw-1", owner.Address) });
        var here = await owner.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 200);
        var there = await other.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 200);

        Assert.Equal(here, there);
        Assert.Contains("\"pid\":", there, StringComparison.Ordinal);
        Assert.Equal(2, (await owner.CallsAsync()).OfType<CallIntended>().Count(call => call.What.Method == "test/pid"));
        Assert.IsType<CallRefused>(Assert.Single(await other.CallsAsync()));

        using var looping = With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session));
        looping.Headers.TryAddWithoutValidation("McpLedger-Hop", "gw-3");
        await other.TextAsync(looping, 404);
    }

    [Fact]
    public async Task An_owner_is_found_by_the_name_that_leads_to_all_replicas()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        var key = await KeyAsync(owner, other);
        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        var ping = Wire.LegacyRequest("2", "test/pid");

        await other.PublishAsync(other.Source.Current with { PeerName = new($"http://localhost:{owner.Address.Port}") });
        var here = await owner.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 200);

        Assert.Equal(here, await other.TextAsync(With(key, Wire.PostRaw("shell", ping, Wire.Legacy, session)), 200));
    }

    [Fact]
    public async Task An_answer_about_a_name_in_letters_that_nobody_knows_is_read_like_any_other()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        await using var stranger = await FakeServer.StartAsync();
        var key = await KeyAsync(owner, other);
        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        stranger.Answer = (http, _) =>
        {
            http.Response.ContentType = "text/plain; charset=nonsense";
            return http.Response.Body.WriteAsync("gw-9"u8.ToArray()).AsTask();
        };

        await other.PublishAsync(other.Source.Current with { PeerName = new($"http://localhost:{stranger.Address.Port}") });

        await other.TextAsync(With(key, Wire.PostRaw("shell", Wire.LegacyRequest("2", "test/pid"), Wire.Legacy, session)), 404);
        Assert.NotEmpty(stranger.Requests);
    }

    [Fact]
    public async Task A_name_that_leads_nowhere_or_to_somebody_else_leaves_the_owner_unknown()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        var key = await KeyAsync(owner, other);
        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();

        foreach (var name in new[] { "http://no-such-name.invalid:1", $"http://localhost:{other.Address.Port}" })
        {
            await other.PublishAsync(other.Source.Current with { PeerName = new(name) });
            await other.TextAsync(With(key, Wire.PostRaw("shell", Wire.LegacyRequest("2", "test/pid"), Wire.Legacy, session)), 404);
        }
    }

    [Fact]
    public async Task A_hop_that_breaks_after_its_owner_took_the_call_is_no_refusal_and_is_logged_and_counted()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        var logs = new CapturedLogs();
        var broken = new ConcurrentQueue<(string? Server, string? Peer)>();
        using var meters = BrokenHops(broken);
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file, services => services.AddSingleton<ILoggerProvider>(logs));
        await using var breaking = await FakeServer.StartAsync();
        breaking.Answer = (http, _) =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        var peer = breaking.Address.Authority;
        var key = await KeyAsync(owner, other);
        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        await other.PublishAsync(other.Source.Current with { Peers = ImmutableDictionary<string, Uri>.Empty.Add("gw-1", breaking.Address) });

        var told = await other.TextAsync(With(key, Wire.PostRaw("shell", Wire.LegacyRequest("2", "test/pid"), Wire.Legacy, session)), 502);

        Assert.Contains("\"id\":2,\"error\"", told, StringComparison.Ordinal);
        Assert.Contains("broke off", told, StringComparison.Ordinal);
        Assert.Single(breaking.Requests);
        Assert.Empty(await other.CallsAsync());
        var line = Assert.Single(logs.Lines, line => line.Contains(peer, StringComparison.Ordinal));
        Assert.Contains("server shell", line, StringComparison.Ordinal);
        Assert.DoesNotContain("test/pid", line, StringComparison.Ordinal);

        await breaking.DisposeAsync();
        await other.TextAsync(With(key, Wire.PostRaw("shell", Wire.LegacyRequest("3", "test/pid"), Wire.Legacy, session)), 404);
        Assert.IsType<CallRefused>(Assert.Single(await other.CallsAsync()));
        Assert.Equal("shell", Assert.Single(broken, each => each.Peer == peer).Server);
    }

    [Fact]
    public async Task A_caller_without_credentials_is_told_to_begin_anew_and_carried_nowhere()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file, isAnonymous: true);
        await using var other = await StartAsync("gw-2", file, isAnonymous: true);
        using var opened = await owner.Client.SendAsync(Wire.PostRaw("shell", Wire.Initialize("0")));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        await other.PublishAsync(other.Source.Current with { Peers = ImmutableDictionary<string, Uri>.Empty.Add("gw-1", owner.Address) });
        var before = (await owner.CallsAsync()).Count;

        await other.TextAsync(Wire.PostRaw("shell", Wire.LegacyRequest("2", "test/pid"), Wire.Legacy, session), 404);
        await other.TextAsync(Wire.Send(HttpMethod.Get, "shell", Wire.Legacy, session), 404);

        Assert.Equal(before, (await owner.CallsAsync()).Count);
        Assert.Equal(2, (await other.CallsAsync()).OfType<CallRefused>().Count());
        using var anew = await other.Client.SendAsync(Wire.PostRaw("shell", Wire.Initialize("0")));
        Assert.Equal(200, (int)anew.StatusCode);
    }

    [Fact]
    public async Task A_stream_that_is_carried_begins_at_once_and_ends_well_when_who_carries_it_stops()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        var (key, session) = await OpenAtAsync(owner, other);
        using var listening = With(key, Wire.Send(HttpMethod.Get, "shell", Wire.Legacy, session));
        using var stream = await other.Client.SendAsync(listening, HttpCompletionOption.ResponseHeadersRead).WaitAsync(BridgeHarness.Patience / 2);
        Assert.Equal(200, (int)stream.StatusCode);

        other.Get<IHostApplicationLifetime>().StopApplication();

        Assert.Equal("", await stream.Content.ReadAsStringAsync().WaitAsync(BridgeHarness.Patience / 2));
        Assert.Contains("replica that carried it", (await owner.RecordedAsync<CallCompleted>(e => e.What.Method == "GET")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_was_carried_is_recorded_with_its_clients_address()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var owner = await StartAsync("gw-1", file);
        await using var other = await StartAsync("gw-2", file);
        var (key, session) = await OpenAtAsync(owner, other);
        using var client = new HttpClient(From("127.0.0.2")) { BaseAddress = other.Address };
        using var carried = With(key, Wire.PostRaw("shell", Wire.LegacyRequest("2", "test/pid"), Wire.Legacy, session));
        using var forged = With(key, Wire.PostRaw("shell", Wire.LegacyRequest("3", "test/env"), Wire.Legacy, session));
        forged.Headers.TryAddWithoutValidation("McpLedger-Hop", "gw-3");
        forged.Headers.TryAddWithoutValidation("McpLedger-Client", "203.0.113.9");

        (await client.SendAsync(carried)).Dispose();
        await owner.TextAsync(forged, 200);

        Assert.Equal("127.0.0.2", (await owner.RecordedAsync<CallIntended>(e => e.What.Method == "test/pid")).Where.Peer);
        Assert.Equal("127.0.0.1", (await owner.RecordedAsync<CallIntended>(e => e.What.Method == "test/env")).Where.Peer);
    }

    private static SocketsHttpHandler From(string address) => new()
    {
        UseCookies = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    private static MeterListener BrokenHops(ConcurrentQueue<(string? Server, string? Peer)> broken)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meters) =>
            {
                if (instrument is { Name: "mcpledger.gateway.hops.broken", Meter.Name: "McpLedger.Gateway" })
                {
                    meters.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value as string);
            broken.Enqueue((all.GetValueOrDefault("mcpledger.server"), all.GetValueOrDefault("mcpledger.peer")));
        });
        listener.Start();
        return listener;
    }

    /// <summary>A session that its owner opened and that the other gateway carries, and the key that it is of.</summary>
    private static async Task<(string Key, string Session)> OpenAtAsync(GatewayHarness owner, GatewayHarness other)
    {
        var key = await KeyAsync(owner, other);
        using var opened = await owner.Client.SendAsync(With(key, Wire.PostRaw("shell", Wire.Initialize("0"))));
        await other.PublishAsync(other.Source.Current with { Peers = ImmutableDictionary<string, Uri>.Empty.Add("gw-1", owner.Address) });
        return (key, opened.Headers.GetValues("Mcp-Session-Id").Single());
    }

    private static async Task<string> KeyAsync(params GatewayHarness[] gateways)
    {
        var (id, digest, key) = ApiKey.Create();
        foreach (var gateway in gateways)
        {
            await gateway.AppendControlAsync(new KeyCreated(id, digest, "alice", null, [], "human", "test", null));
            var control = gateway.Get<McpLedger.Gateway.Control.ControlState>();
            await Eventually.TrueAsync(() => control.Keys.Keys.Any());
        }

        return key;
    }

    private static async Task<GatewayHarness> StartAsync(string instance, string keys, Action<IServiceCollection>? with = null, bool isAnonymous = false) =>
        await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = isAnonymous, Servers = config.Servers.Add("shell", ShellServer.Config("legacy")) }, instance, keys, with);

    private static HttpRequestMessage With(string key, HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        return request;
    }
}
