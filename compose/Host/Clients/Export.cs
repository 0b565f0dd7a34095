using System.Text.Json;
using System.Text.Json.Nodes;
using McpLedger.Host.Commands;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Clients;

/// <summary>The configuration that clients need to reach their servers through the gateway.</summary>
internal static class Export
{
    /// <summary>The clients whose form is known.</summary>
    public static IReadOnlyList<string> Clients { get; } = ["generic", "claude-code", "claude-desktop", "cursor", "vscode", "windsurf", "gemini"];

    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="config">What the gateway serves.</param>
    /// <param name="client">One of <see cref="Clients"/>.</param>
    /// <param name="servers">Which servers.</param>
    /// <param name="into">The client's present configuration, whose other entries stay; null for none.</param>
    /// <exception cref="JsonException">The present configuration is no JSON.</exception>
    public static string Write(LoadedConfig config, string client, IEnumerable<string> servers, string? into)
    {
        var root = into is null ? [] : JsonNode.Parse(into, null, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }) as JsonObject ?? [];
        var key = client == "vscode" ? "servers" : "mcpServers";
        var block = root[key] as JsonObject ?? [];
        root[key] = block.Parent is null ? block : root[key];
        foreach (var server in servers)
        {
            block[server] = Entry(config, client, server);
        }

        return root.ToJsonString(Layout) + "\n";
    }

    private static JsonObject Entry(LoadedConfig config, string client, string server)
    {
        if (client == "claude-desktop")
        {
            // It starts programs and speaks to their standard streams only.
            var program = new JsonObject { ["command"] = Environment.ProcessPath ?? "mcpledger", ["args"] = new JsonArray("connect", server, "--config", config.Path) };
            if (!config.Gateway.AnonymousOnLoopback)
            {
                // It looks nothing up: the key itself has to stand there.
                program["env"] = new JsonObject { [CommonOptions.KeyVariable] = "the key that 'mcpledger keys create --principal NAME' prints" };
            }

            return program;
        }

        var entry = new JsonObject();
        if (client is "generic" or "claude-code" or "vscode")
        {
            entry["type"] = "http";
        }

        entry[client switch { "windsurf" => "serverUrl", "gemini" => "httpUrl", _ => "url" }] = new Uri(Listening.ClientAddress(config.File.Listen), $"s/{server}/mcp").ToString();
        if (!config.Gateway.AnonymousOnLoopback)
        {
            entry["headers"] = new JsonObject { ["Authorization"] = client is "vscode" or "cursor" or "windsurf" ? "Bearer ${env:MCPLEDGER_KEY}" : "Bearer ${MCPLEDGER_KEY}" };
        }

        return entry;
    }
}
