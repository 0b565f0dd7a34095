using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpLedger.Host.Demo;

/// <summary>A call as the client saw it.</summary>
/// <param name="Server">Name of the server.</param>
/// <param name="Revision">Revision that client and server agreed on.</param>
/// <param name="Tool">Name of the tool.</param>
/// <param name="IsError">Whether the result was an error that the model reads.</param>
/// <param name="Text">The first text of the result.</param>
/// <param name="Progress">Progress messages that came before it.</param>
internal sealed record DemoCall(string Server, string Revision, string Tool, bool IsError, string Text, int Progress);

/// <summary>Drives servers through the gateway with the C# SDK's client, as any client would.</summary>
internal static class DemoCalls
{
    public const string Legacy = "2025-11-25";

    /// <param name="gateway">Base address of the gateway.</param>
    /// <param name="server">Name of the server.</param>
    /// <param name="revision">The legacy revision to insist on; null lets the client find the newest.</param>
    /// <param name="tools">What to call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<DemoCall>> RunAsync(
        Uri gateway, string server, string? revision, IReadOnlyList<(string Tool, Dictionary<string, object?> Arguments)> tools, CancellationToken cancellationToken)
    {
        await using var transport = new HttpClientTransport(new() { Endpoint = new Uri(gateway, $"s/{server}/mcp"), TransportMode = HttpTransportMode.StreamableHttp });
        await using var client = await McpClient.CreateAsync(
            transport,
            new() { ClientInfo = new() { Name = "mcpledger-demo", Version = Running.UpHost.Version }, ProtocolVersion = revision },
            null,
            cancellationToken);
        await client.ListToolsAsync((RequestOptions?)null, cancellationToken);
        var calls = new List<DemoCall>();
        foreach (var (tool, arguments) in tools)
        {
            var progress = new Counter();
            calls.Add(await CallAsync(client, server, tool, arguments, progress, cancellationToken));
        }

        return calls;
    }

    private static async Task<DemoCall> CallAsync(McpClient client, string server, string tool, Dictionary<string, object?> arguments, Counter progress, CancellationToken cancellationToken)
    {
        var revision = client.NegotiatedProtocolVersion ?? "unknown";
        try
        {
            var result = await client.CallToolAsync(tool, arguments, progress, options: null, cancellationToken);
            var text = result.Content.OfType<TextContentBlock>().FirstOrDefault()?.Text ?? "";
            return new(server, revision, tool, result.IsError == true, text.Split('\n')[0], progress.Count);
        }
        catch (McpException e)
        {
            return new(server, revision, tool, true, e.Message, progress.Count);
        }
    }

    private sealed class Counter : IProgress<ProgressNotificationValue>
    {
        private int _count;

        public int Count => _count;

        public void Report(ProgressNotificationValue value) => Interlocked.Increment(ref _count);
    }
}
