using System.Text.Json;
using System.Text.Json.Nodes;
using McpLedger.Testing.Processes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpLedger.Benchmarks.Conformance;

/// <summary>Two npm servers over stdio, asked the same directly and through the gateway's bridge: the answers have to be equal.</summary>
internal static class RealServers
{
    private const int LongRunningSteps = 4;
    private static readonly TimeSpan LongestTelling = TimeSpan.FromSeconds(30);

    /// <summary>Asks, prints a line for every server, and returns the answers that differ, a text each.</summary>
    public static async Task<IReadOnlyList<string>> CompareAsync(string scratch)
    {
        var files = Path.Combine(scratch, "files");
        Directory.CreateDirectory(files);
        await File.WriteAllTextAsync(Path.Combine(files, "note.txt"), "A note to read.\n");
        List<string> differences = [];
        foreach (var server in Servers(files))
        {
            await using var gateway = await McpLedgerInstance.StartAsync(
                Path.Combine(scratch, server.Name), McpLedgerInstance.ConfigFor(new Dictionary<string, string> { [server.Name] = server.Section }));
            var direct = await AskAsync(new StdioClientTransport(new() { Command = server.Command, Arguments = [.. server.Arguments] }), server.Asks);
            var through = await AskAsync(new HttpClientTransport(new() { Endpoint = gateway.Endpoint(server.Name), TransportMode = HttpTransportMode.StreamableHttp }), server.Asks);
            string[] differing =
            [
                .. from pair in direct.Zip(through)
                   where pair.First.Answer != pair.Second.Answer
                   select $"{server.Name}: {pair.First.Ask} directly: {Short(pair.First.Answer)}\n{server.Name}: {pair.First.Ask} through:  {Short(pair.Second.Answer)}",
            ];
            Console.WriteLine(string.Join('\n', (string[])[$"{server.Name}: {direct.Count - differing.Length} of {direct.Count} answers equal directly and through the bridge", .. differing]));
            differences.AddRange(differing);
        }

        return differences;
    }

    private static IEnumerable<RealServer> Servers(string files)
    {
        var tools = Built.NodeTools!;
        var node = Path.Combine(tools, ".bin", "node");
        yield return new(
            "everything",
            node,
            [Path.Combine(tools, "@modelcontextprotocol", "server-everything", "dist", "index.js"), "stdio"],
            [
                ("echo", client => CallAsync(client, "echo", ("message", "hello ∀"))),
                ("get-sum", client => CallAsync(client, "get-sum", ("a", 2), ("b", 40))),
                ("get-tiny-image", client => CallAsync(client, "get-tiny-image")),
                ("get-structured-content", client => CallAsync(client, "get-structured-content", ("location", "New York"))),
                ("trigger-long-running-operation", LongRunningAsync),
                ("no such tool", client => CallAsync(client, "no-such-tool")),
                ("bad arguments", client => CallAsync(client, "get-sum", ("a", "x"))),
                ("prompts", async client => Json((await client.ListPromptsAsync()).Select(prompt => prompt.ProtocolPrompt))),
                ("resources", async client => Json((await client.ListResourcesAsync()).Select(resource => resource.ProtocolResource))),
                ("templates", async client => Json((await client.ListResourceTemplatesAsync()).Select(template => template.ProtocolResourceTemplate))),
                ("simple prompt", async client => Json(await client.GetPromptAsync("simple-prompt"))),
            ]);
        yield return new(
            "filesystem",
            node,
            [Path.Combine(tools, "@modelcontextprotocol", "server-filesystem", "dist", "index.js"), files],
            [
                ("list_allowed_directories", client => CallAsync(client, "list_allowed_directories")),
                ("read_text_file", client => CallAsync(client, "read_text_file", ("path", Path.Combine(files, "note.txt")))),
                ("list_directory", client => CallAsync(client, "list_directory", ("path", files))),
                ("outside the folder", client => CallAsync(client, "read_text_file", ("path", "/etc/hostname"))),
                ("no such file", client => CallAsync(client, "read_text_file", ("path", Path.Combine(files, "missing.txt")))),
            ]);
    }

    private static async Task<List<(string Ask, string Answer)>> AskAsync(IClientTransport transport, IReadOnlyList<(string Name, Func<McpClient, Task<string>> Ask)> asks)
    {
        await using var client = await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = "2025-11-25", ClientInfo = new() { Name = "compare", Version = "1" } });
        var answers = new List<(string, string)>
        {
            ("initialize", Json(new { client.ServerInfo, client.ServerCapabilities, client.ServerInstructions, client.NegotiatedProtocolVersion })),
            ("tools", Json((await client.ListToolsAsync()).Select(tool => tool.ProtocolTool))),
        };
        foreach (var (name, ask) in asks)
        {
            answers.Add((name, await ask(client)));
        }

        return answers;
    }

    private static async Task<string> CallAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments)
    {
        try
        {
            return Json(await client.CallToolAsync(tool, arguments.ToDictionary(argument => argument.Name, argument => argument.Value)));
        }
        catch (McpException e)
        {
            return e.Message;
        }
    }

    private static async Task<string> LongRunningAsync(McpClient client)
    {
        // The client hands out notifications on their own threads, and forgets a call's own listener with the result: the last step may come after it.
        var steps = new Steps(LongRunningSteps);
        await using var listening = client.RegisterNotificationHandler(NotificationMethods.ProgressNotification, (_, _) =>
        {
            steps.Take();
            return ValueTask.CompletedTask;
        });
        var result = await client.CallToolAsync(
            "trigger-long-running-operation", new Dictionary<string, object?> { ["duration"] = 1, ["steps"] = LongRunningSteps }, new Progress<ProgressNotificationValue>());
        await Task.WhenAny(steps.All, Task.Delay(LongestTelling));
        return $"{Json(result)} after {steps.Count} steps";
    }

    private static string Json<T>(T value) => JsonSerializer.SerializeToNode(value, McpJsonUtilities.DefaultOptions) is JsonNode node ? node.ToJsonString() : "null";

    private static string Short(string answer) => answer.Length > 400 ? $"{answer[..400]}… ({answer.Length} characters)" : answer;

    private sealed class Steps(int expected)
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public Task All => _all.Task;

        public int Count => Volatile.Read(ref _count);

        public void Take()
        {
            if (Interlocked.Increment(ref _count) == expected)
            {
                _all.TrySetResult();
            }
        }
    }

    private sealed record RealServer(string Name, string Command, IReadOnlyList<string> Arguments, IReadOnlyList<(string Name, Func<McpClient, Task<string>> Ask)> Asks)
    {
        public string Section => $"command: \"{Command}\"\nargs: [{string.Join(", ", Arguments.Select(argument => $"\"{argument}\""))}]";
    }
}
