using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Upstreams;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using System.Diagnostics.Metrics;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>A bridge, and a client's short way of speaking to it.</summary>
internal sealed class BridgeHarness : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private readonly ChildSupervision? _supervision;
    private readonly string _folder = Directory.CreateTempSubdirectory("mcpledger-stdio-").FullName;

    public BridgeHarness(ServerConfig server, BridgeLimits? limits = null, TimeProvider? time = null)
    {
        var clock = time ?? TimeProvider.System;
        Server = server;
        _supervision = new(_folder, Stdio(), clock);
        Children = new(_supervision, limits ?? new(), Telemetry(), clock);
        Bridge = Children;
    }

    public BridgeHarness(ServerConfig server, IBridge bridge)
    {
        Server = server;
        Bridge = bridge;
    }

    public ServerConfig Server { get; }

    public IBridge Bridge { get; }

    public StdioBridge? Children { get; }

    public string Folder => _folder;

    public ChildSupervision Supervision => _supervision!;

    public static StdioTelemetry Stdio() => new(NullLogger<StdioTelemetry>.Instance, Meters);

    public static BridgeTelemetry Telemetry() => new(NullLogger<BridgeTelemetry>.Instance, Meters);

    public static McpMessage Message(string json)
    {
        var read = McpReader.Read(Encoding.UTF8.GetBytes(json), McpLimits.Default);
        Assert.True(read.IsRead, read.Fault?.Message);
        return read.Message;
    }

    public async Task<BridgeAnswer> SendAsync(string method, string? session, string? json, string? lastEventId = null, McpEra era = McpEra.Legacy, CancellationToken token = default) =>
        await Bridge.ExchangeAsync(
            new(Server, method, json is null ? null : Message(json), era, era == McpEra.Modern ? "2026-07-28" : "2025-11-25", session, lastEventId, Principal.Anonymous), token).AsTask().WaitAsync(Patience, token);

    public Task<BridgeAnswer> PostAsync(string? session, string json, McpEra era = McpEra.Legacy, CancellationToken token = default) => SendAsync("POST", session, json, null, era, token);

    public Task<BridgeAnswer> CallAsync(string? session, int id, string method, McpEra era = McpEra.Legacy, CancellationToken token = default) =>
        PostAsync(session, $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"{{{method}}}","params":{"_meta":{"progressToken":{{{id}}} } } }""", era, token);

    /// <summary>A modern call under a configuration of its own.</summary>
    public async Task<BridgeAnswer> CallUnderAsync(ServerConfig server, int id, string method) =>
        await Bridge.ExchangeAsync(new(server, "POST", Message($$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}"}"""), McpEra.Modern, "2026-07-28", null, null, Principal.Anonymous), CancellationToken.None).AsTask().WaitAsync(Patience);

    public async Task<string> OpenAsync()
    {
        var answer = await PostAsync(null, """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");
        Assert.Null(answer.Fault);
        Assert.Equal(200, answer.Status);
        await TextAsync(answer);
        return answer.UpstreamSession!;
    }

    public static async Task<string> TextAsync(BridgeAnswer answer)
    {
        Assert.Null(answer.Fault);
        await using var body = answer.Body!;
        using var reader = new StreamReader(body);
        return await reader.ReadToEndAsync().WaitAsync(Patience);
    }

    /// <summary>The data of the events up to now and <paramref name="count"/> of them.</summary>
    public static async Task<List<(string? Id, string Data)>> EventsAsync(Stream body, int count)
    {
        using var reader = new SseReader(1_000_000);
        var events = new List<(string?, string)>();
        var buffer = new byte[4096];
        while (events.Count < count)
        {
            var read = await body.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            Assert.NotEqual(0, read);
            reader.Append(buffer.AsSpan(0, read));
            while (reader.TryRead(out var one) == SseStep.Event)
            {
                if (one.HasData)
                {
                    events.Add((one.Id, Encoding.UTF8.GetString(one.Data.Span)));
                }
            }
        }

        return events;
    }

    /// <summary>Waits for something that happens elsewhere, such as the end of a process.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var i = 0; i < 3_000; i++)
        {
            if (condition())
            {
                return;
            }

            await Task.Delay(10);
        }

        Assert.Fail($"Not within 30 s: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        if (Children is not null)
        {
            await Children.DisposeAsync();
            _supervision!.Dispose();
        }
        else if (Bridge is IAsyncDisposable bridge)
        {
            await bridge.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
