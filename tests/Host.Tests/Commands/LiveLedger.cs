using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpLedger.Host.Tests.Commands;

/// <summary>A real <c>mcpledger up</c> in a process of its own, before a small MCP server in this one.</summary>
internal sealed class LiveLedger : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly StrongBox<string> _description;
    private readonly Process _process;
    private readonly HttpClient _client = new();

    private LiveLedger(string folder, WebApplication server, StrongBox<string> description, Process process, Uri url) =>
        (Folder, _server, _description, _process, Url) = (folder, server, description, process, url);

    public string Folder { get; }

    public string Data => Path.Combine(Folder, "data");

    public string VerifierKeys => Path.Combine(Data, "keys", "signing.vkey");

    public Uri Url { get; }

    public static Task<LiveLedger> StartAsync() => StartAsync("");

    /// <summary>Starts it with further lines of configuration.</summary>
    public static Task<LiveLedger> StartAsync(string more) => StartAsync(more, "weigh");

    /// <summary>Starts it before a server whose tool has that name.</summary>
    public static async Task<LiveLedger> StartAsync(string more, string tool)
    {
        var folder = Directory.CreateTempSubdirectory("mcpledger-verbs-").FullName;
        var description = new StrongBox<string>("Weighs a thing.");
        var server = await StartServerAsync(description, tool);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "mcpledger.yaml"),
            $$"""
            ledger: { data: ./data }
            listen: { url: "http://127.0.0.1:0" }
            servers:
              echo: { url: "{{server.Urls.First()}}/mcp" }
            principals: { anonymous: loopback }
            rules:
              - { id: all, allow: { principals: [anonymous], servers: [echo] } }
              - { id: no-delete, block: { tools: ["delete_*"] }, reason: "Nothing is deleted here." }
            {{more}}
            """,
            TestContext.Current.CancellationToken);
        var process = Verb.Start(folder, new Dictionary<string, string>(), ["up", "--json"]);
        _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (said.Length > 0 || line == "{")
            {
                said.AppendLine(line);
            }

            if (line == "}")
            {
                break;
            }
        }

        _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(said.ToString());
        return new(folder, server, description, process, new Uri(document.RootElement.GetProperty("url").GetString()!));
    }

    /// <summary>Runs a verb in a process of its own.</summary>
    public Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) => Verb.RunAsync(Folder, arguments);

    /// <summary>Begins a verb that goes on until its output is read no more.</summary>
    public Process Begin(params string[] arguments) => Verb.Start(Folder, new Dictionary<string, string>(), arguments);

    /// <summary>Runs a verb again and again until it says 0: what it asks for takes the sealer or the projector a moment.</summary>
    public async Task<string> RunUntilOkAsync(params string[] arguments)
    {
        for (var attempt = 0; attempt < 60; attempt++)
        {
            var (exitCode, output, _) = await RunAsync(arguments);
            if (exitCode == 0)
            {
                return output;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"'{string.Join(' ', arguments)}' never said 0.");
    }

    /// <summary>Searches again and again until something is found: projecting takes a moment.</summary>
    public async Task RunUntilFoundAsync(string query)
    {
        for (var attempt = 0; attempt < 60; attempt++)
        {
            if ((await RunAsync("search", query, "--json")).Output.Contains("\"event\":", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"Nothing was found for '{query}'.");
    }

    /// <summary>Makes the server tell another description of its tool, and of itself.</summary>
    public void Describe(string description) => _description.Value = description;

    /// <summary>Calls a tool through the gateway.</summary>
    /// <returns>The answer, and the call's id.</returns>
    public Task<(string Body, string Call)> CallAsync(string tool) =>
        PostAsync("tools/call", "{\"arguments\":{\"text\":\"a needle in the log\"},\"name\":\"" + tool + "\"}");

    /// <summary>Lists the tools through the gateway.</summary>
    public async Task<string> ListAsync() => (await PostAsync("tools/list", "{}")).Body;

    /// <summary>Opens a session through the gateway.</summary>
    public async Task<string> InitializeAsync() => (await PostAsync("initialize", "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"verbs\",\"version\":\"1\"}}")).Body;

    private async Task<(string Body, string Call)> PostAsync(string method, string parameters)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "s/echo/mcp"))
        {
            Content = new StringContent("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":" + parameters + "}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers.GetValues("Audit-Id").Single());
    }

    /// <summary>Ends the instance; the folder stays.</summary>
    public async Task StopAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<WebApplication> StartServerAsync(StrongBox<string> description, string tool)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/mcp", async context =>
        {
            using var message = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            var root = message.RootElement;
            var result = root.GetProperty("method").GetString() switch
            {
                "tools/list" => "{\"tools\":[{\"name\":\"" + tool + "\",\"description\":\"" + description.Value + "\",\"inputSchema\":{\"type\":\"object\"}}]}",
                "initialize" => "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"scales\",\"version\":\"1\"},\"instructions\":\"" + description.Value + "\"}",
                _ => "{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}",
            };
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{\"jsonrpc\":\"2.0\",\"id\":" + root.GetProperty("id").GetRawText() + ",\"result\":" + result + "}", context.RequestAborted);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
