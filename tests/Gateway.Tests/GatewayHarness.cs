using System.Collections.Immutable;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Gateway.Tests;

/// <summary>The whole gateway in this process, on real sockets: clients on one side, fake servers on the other, a real ledger beneath.</summary>
internal sealed class GatewayHarness : IAsyncDisposable
{
    public const string Server = "demo";
    private readonly WebApplication _app;
    private readonly TemporaryLedger _ledger;
    private readonly TemporaryFolder? _ownKeys;

    private GatewayHarness(WebApplication app, TemporaryLedger ledger, FakeServer upstream, FaultyLedger faults, TemporaryFolder? ownKeys)
    {
        (_app, _ledger, Upstream, Faults, _ownKeys) = (app, ledger, upstream, faults, ownKeys);
        Client = new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public FakeServer Upstream { get; }

    public FaultyLedger Faults { get; }

    public Uri Address => Client.BaseAddress!;

    public GatewayConfigSource Source => _app.Services.GetRequiredService<GatewayConfigSource>();

    public LedgerCounters Counters => _app.Services.GetRequiredService<LedgerCounters>();

    public static Task<GatewayHarness> StartAsync() => StartAsync(config => config, "gw-1", keys: null);

    public static Task<GatewayHarness> StartAsync(Func<GatewayConfig, GatewayConfig> change) => StartAsync(change, "gw-1", keys: null);

    public static async Task<GatewayHarness> StartAsync(Func<GatewayConfig, GatewayConfig> change, string instance, string? keys, Action<IServiceCollection>? with = null)
    {
        var ledger = await TemporaryLedger.OpenAsync();
        var faults = new FaultyLedger(ledger.Ledger);
        var ownKeys = keys is null ? new TemporaryFolder() : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Services.AddSingleton<ILedgerWriter>(faults).AddSingleton<ILedgerReader>(ledger.Ledger).AddSingleton<IBlobStore>(new BlobFolder(ledger.Folder));
        builder.Services.AddGateway(new() { Instance = instance, Source = $"/gateway/{instance}/1", SessionKeyFile = keys ?? Path.Combine(ownKeys!.Path, "sessions.key"), ChildFolder = Path.Combine(ledger.Folder, "children") });
        with?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGateway();
        var upstream = await FakeServer.StartAsync();
        await app.StartAsync();
        var harness = new GatewayHarness(app, ledger, upstream, faults, ownKeys);
        await harness.PublishAsync(change(harness.OpenConfig()));
        await Eventually.TrueAsync(() => app.Services.GetRequiredService<GatewayReadiness>().Check() is null);
        return harness;
    }

    /// <summary>One server, one rule that allows everything, anonymous callers on loopback.</summary>
    public GatewayConfig OpenConfig() => GatewayConfig.Empty with
    {
        AnonymousOnLoopback = true,
        Servers = GatewayConfig.Empty.Servers.Add(Server, ServerOf(Server, Upstream.Address)),
        Rules = [new() { Id = "open", Effect = RuleEffect.Allow }],
    };

    public static ServerConfig ServerOf(string name, params Uri[] destinations) => new()
    {
        Name = name,
        Transport = UpstreamTransport.StreamableHttp,
        Destinations = destinations.Select((uri, i) => KeyValuePair.Create($"d{i}", uri)).ToImmutableSortedDictionary(StringComparer.Ordinal),
    };

    public async Task PublishAsync(GatewayConfig config)
    {
        Assert.True(await Source.PublishAsync(config, "start", CancellationToken.None));
        var clusters = _app.Services.GetRequiredService<McpLedger.Gateway.Upstreams.Clusters>();
        foreach (var server in config.Servers.Values.Where(s => s.Transport == UpstreamTransport.StreamableHttp))
        {
            await Eventually.TrueAsync(() => clusters.Find(server.Name)?.DestinationsState.AllDestinations.Count == server.Destinations.Count);
        }
    }

    /// <summary>Makes an API key and returns what its holder presents.</summary>
    public async Task<string> CreateKeyAsync(string principal, params string[] teams)
    {
        var (id, digest, presented) = ApiKey.Create();
        await AppendControlAsync(new KeyCreated(id, digest, principal, null, teams, "human", "test", null));
        await Eventually.TrueAsync(() => _app.Services.GetRequiredService<ControlState>().Keys.Keys.Any(key => key.Key == id));
        return presented;
    }

    public async Task AppendControlAsync(EventData data)
    {
        var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Control, null, data);
        Assert.True((await _ledger.Ledger.AppendAsync(draft, CancellationToken.None)).IsDurable);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Everything that was recorded about calls, in order.</summary>
    public Task<IReadOnlyList<EventData>> CallsAsync() => EventsAsync(LedgerPartition.Calls);

    public Task<IReadOnlyList<EventData>> ControlAsync() => EventsAsync(LedgerPartition.Control);

    /// <summary>Waits until the ledger says what a test waits for.</summary>
    public async Task<T> RecordedAsync<T>(Func<T, bool> isIt)
        where T : EventData
    {
        T? found = null;
        await Eventually.TrueAsync(async () => (found = (await CallsAsync()).OfType<T>().FirstOrDefault(isIt)) is not null);
        return found!;
    }

    public async Task<string> TextAsync(HttpRequestMessage request, int status)
    {
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"HTTP {(int)response.StatusCode}: {text}");
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Upstream.DisposeAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        await _ledger.DisposeAsync();
        _ownKeys?.Dispose();
    }

    private async Task<IReadOnlyList<EventData>> EventsAsync(LedgerPartition partition)
    {
        var records = await TemporaryLedger.ReadAllAsync(_ledger.Ledger, partition, (await _ledger.Ledger.BoundsAsync(partition, CancellationToken.None)).First);
        return [.. records.Select(record =>
        {
            Assert.True(EventReader.TryRead(record.Bytes.Span, out var read, out var fault), fault);
            return read!.Data;
        }).Where(data => data is not (WriterStarted or WriterStopped or Heartbeat))];
    }
}
