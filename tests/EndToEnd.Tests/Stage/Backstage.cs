using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Processes;

namespace McpLedger.EndToEnd.Tests.Stage;

/// <summary>The servers behind the gateway, started once for all tests, and what the tests ask about a ledger.</summary>
public sealed class Backstage : IAsyncLifetime
{
    private readonly List<Child> _children = [];
    private readonly Dictionary<string, GatewayUnderTest> _gateways = new(StringComparer.Ordinal);

    /// <summary>The sample server that ships with the product.</summary>
    public Uri Sample { get; private set; } = null!;

    /// <summary>The conformance fixture: <c>/mcp</c> with sessions, <c>/stateless</c> without.</summary>
    public Uri Fixture { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Sample = new(await StartAsync("McpLedger.SampleServer"), "/mcp");
        Fixture = await StartAsync("McpLedger.ConformanceServer");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.Values)
        {
            await gateway.DisposeAsync();
        }

        foreach (var child in _children)
        {
            await child.DisposeAsync();
        }
    }

    /// <summary>The gateway of a configuration, started once for all tests that ask for it: for those that leave it as it is.</summary>
    internal async Task<GatewayVisit> VisitAsync(string config)
    {
        if (!_gateways.TryGetValue(config, out var gateway))
        {
            _gateways[config] = gateway = await GatewayUnderTest.StartAsync(config);
        }

        return await GatewayVisit.ToAsync(gateway);
    }

    /// <summary>A gateway before the sample server and the conformance fixture, as one test after the other finds it.</summary>
    internal Task<GatewayVisit> VisitAsync() =>
        VisitAsync(McpLedgerInstance.ConfigFor(new Dictionary<string, string> { ["sample"] = $"url: \"{Sample}\"", ["fixture"] = $"url: \"{new Uri(Fixture, "/mcp")}\"" }));

    /// <summary>Every event of the calls log, as far as it is written.</summary>
    internal static Task<IReadOnlyList<LedgerEvent>> CallsAsync(McpLedgerInstance instance) => ReadAsync(instance, LedgerPartition.Calls);

    internal static async Task<IReadOnlyList<LedgerEvent>> ReadAsync(McpLedgerInstance instance, LedgerPartition partition)
    {
        var files = EmbeddedLedgerFiles.OpenReadOnly(instance.Data, TimeProvider.System);
        var events = new List<LedgerEvent>();
        var next = 0L;
        while (await files.ReadAsync(partition, next, 1 << 20, CancellationToken.None) is { Records.Count: > 0 } batch)
        {
            foreach (var record in batch.Records)
            {
                Assert.True(EventReader.TryRead(record.Bytes.Span, out var read, out var fault), fault);
                events.Add(read!);
            }

            next = batch.Next;
        }

        return events;
    }

    private async Task<Uri> StartAsync(string project)
    {
        var (child, line) = await Child.StartAsync(
            Built.Program(project, project), ["--urls", "http://127.0.0.1:0"], new Dictionary<string, string?>(), line => line.Contains("http://127.0.0.1:", StringComparison.Ordinal));
        _children.Add(child);
        return new(line[line.IndexOf("http://", StringComparison.Ordinal)..]);
    }
}

/// <summary>One <see cref="Backstage"/> for all test classes; they run one after another, since each starts processes of its own.</summary>
[CollectionDefinition(Name)]
public sealed class BackstageCollection : ICollectionFixture<Backstage>
{
    public const string Name = "backstage";
}
