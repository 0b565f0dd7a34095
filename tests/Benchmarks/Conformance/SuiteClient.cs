using System.Text.Json;
using McpLedger.Testing.Processes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpLedger.Benchmarks.Conformance;

/// <summary>
/// The client that the suite's client scenarios start: the C# SDK's, doing what the scenario in <c>MCP_CONFORMANCE_SCENARIO</c> waits for,
/// against the suite's address or against a gateway in front of it.
/// </summary>
internal static class SuiteClient
{
    /// <summary>The scenarios that need no OAuth, by the revisions that have them.</summary>
    public static IReadOnlyList<(string Revision, string Scenario)> Scenarios { get; } =
    [
        ("2025-11-25", "initialize"),
        ("2025-11-25", "tools_call"),
        ("2025-11-25", "elicitation-sep1034-client-defaults"),
        ("2025-11-25", "sse-retry"),
        ("2026-07-28", "tools_call"),
        ("2026-07-28", "request-metadata"),
        ("2026-07-28", "sep-2322-client-request-state"),
        ("2026-07-28", "http-standard-headers"),
        ("2026-07-28", "http-custom-headers"),
        ("2026-07-28", "http-invalid-tool-headers"),
        ("2026-07-28", "json-schema-ref-no-deref"),
    ];

    /// <summary>The command line that makes this program the client.</summary>
    public static string Command(bool throughGateway) => $"{Built.Program("McpLedger.Benchmarks", "McpLedger.Benchmarks")} serve suite-client {(throughGateway ? "gateway" : "direct")}";

    public static async Task<int> RunAsync(bool throughGateway, Uri server)
    {
        var scenario = Environment.GetEnvironmentVariable("MCP_CONFORMANCE_SCENARIO") ?? "";
        if (!throughGateway)
        {
            return await RunAsync(scenario, server);
        }

        var folder = Directory.CreateTempSubdirectory("mcpledger-suite-");
        try
        {
            await using var gateway = await McpLedgerInstance.StartAsync(folder.FullName, new Dictionary<string, Uri> { ["suite"] = server });
            return await RunAsync(scenario, gateway.Endpoint("suite"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> RunAsync(string scenario, Uri endpoint)
    {
        await using var client = await McpClient.CreateAsync(
            new HttpClientTransport(new() { Endpoint = endpoint, TransportMode = HttpTransportMode.StreamableHttp }),
            new McpClientOptions
            {
                ClientInfo = new() { Name = "mcpledger-suite-client", Version = "0.1.0" },
                ProtocolVersion = IsLegacy(scenario) ? "2025-11-25" : null,
                Handlers = new() { ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult { Action = "accept", Content = new Dictionary<string, JsonElement>() }) },
            });
        return await DoAsync(scenario, client) ? 0 : 1;
    }

    // The handshake and resumable streams belong to the older era, and json-schema-ref-no-deref's server speaks no other.
    private static bool IsLegacy(string scenario) =>
        scenario is "initialize" or "sse-retry" or "elicitation-sep1034-client-defaults" or "json-schema-ref-no-deref"
        || Environment.GetEnvironmentVariable("MCP_CONFORMANCE_PROTOCOL_VERSION") is "2025-11-25";

    private static async Task<bool> DoAsync(string scenario, McpClient client)
    {
        switch (scenario)
        {
            case "http-standard-headers":
                return await CallAsync(client, "test_headers") & await ReadEverythingAsync(client);
            case "http-custom-headers":
                return await CallGivenAsync(client);
            case "tools_call":
                return await CallAsync(client, "add_numbers", ("a", 5), ("b", 10));
            case "elicitation-sep1034-client-defaults":
                return await CallAsync(client, "test_client_elicitation_defaults");
            case "sse-retry":
                return await CallAsync(client, "test_reconnection");
            case "http-invalid-tool-headers":
                return await CallAsync(client, "valid_tool", ("region", "us-east1"));
            case "sep-2322-client-request-state":
                return await CallAsync(client, "test_mrtr_echo_state") & await CallAsync(client, "test_mrtr_unrelated")
                    & await CallAsync(client, "test_mrtr_no_state") & await CallAsync(client, "test_mrtr_no_result_type");
            case "json-schema-ref-no-deref":
                await client.ListToolsAsync();
                return true;
            default:
                return true;
        }
    }

    private static async Task<bool> CallAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments)
    {
        await client.ListToolsAsync();
        var result = await client.CallToolAsync(tool, arguments.ToDictionary(argument => argument.Name, argument => argument.Value));
        return result.IsError is not true;
    }

    private static async Task<bool> ReadEverythingAsync(McpClient client)
    {
        // The scenario watches headers; what it answers to prompts and resources may be an error.
        foreach (var prompt in await client.ListPromptsAsync())
        {
            await Tolerate(() => client.GetPromptAsync(prompt.Name).AsTask());
        }

        foreach (var resource in await client.ListResourcesAsync())
        {
            await Tolerate(() => client.ReadResourceAsync(resource.Uri).AsTask());
        }

        return true;
    }

    private static async Task Tolerate(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (ModelContextProtocol.McpException)
        {
        }
    }

    private static async Task<bool> CallGivenAsync(McpClient client)
    {
        await client.ListToolsAsync();
        using var context = JsonDocument.Parse(Environment.GetEnvironmentVariable("MCP_CONFORMANCE_CONTEXT") ?? "{}");
        var green = true;
        foreach (var call in context.RootElement.GetProperty("toolCalls").EnumerateArray())
        {
            var arguments = call.GetProperty("arguments").EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value.Clone());
            var result = await client.CallToolAsync(call.GetProperty("name").GetString()!, arguments);
            green &= result.IsError is not true;
        }

        return green;
    }
}
