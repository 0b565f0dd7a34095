using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;
using ModelContextProtocol.Client;

namespace McpLedger.EndToEnd.Tests.Stage;

/// <summary>A real <c>mcpledger up</c> of one test, in a folder of its own.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    private GatewayUnderTest(TemporaryFolder folder, McpLedgerInstance instance) => (_folder, Instance) = (folder, instance);

    public McpLedgerInstance Instance { get; }

    public static Task<GatewayUnderTest> StartAsync(string server, Uri upstream) => StartAsync(ConfigFor(server, upstream));

    public static async Task<GatewayUnderTest> StartAsync(string config)
    {
        var folder = new TemporaryFolder();
        try
        {
            return new(folder, await McpLedgerInstance.StartAsync(folder.Path, config));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public static string ConfigFor(string server, Uri upstream) => McpLedgerInstance.ConfigFor(new Dictionary<string, string> { [server] = $"url: \"{upstream}\"" });

    public Wire Wire(string server) => new(Instance.Endpoint(server));

    public Task<McpClient> ClientAsync(string server, string? protocol) => Client(Instance.Endpoint(server), protocol);

    /// <summary>The C# SDK's client. Without a protocol it prefers the modern era.</summary>
    public static Task<McpClient> Client(Uri endpoint, string? protocol) =>
        McpClient.CreateAsync(
            new HttpClientTransport(new() { Endpoint = endpoint, TransportMode = HttpTransportMode.StreamableHttp }),
            new McpClientOptions { ProtocolVersion = protocol, ClientInfo = new() { Name = "end-to-end", Version = "1" } });

    public async ValueTask DisposeAsync()
    {
        await Instance.DisposeAsync();
        _folder.Dispose();
    }
}
