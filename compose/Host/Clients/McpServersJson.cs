using System.Text.Json;

namespace McpLedger.Host.Clients;

/// <summary>One server as clients write it down.</summary>
/// <param name="Name">As the client calls it.</param>
/// <param name="Entry">What stands behind it.</param>
internal sealed record ClientServer(string Name, JsonElement Entry);

/// <summary>The <c>mcpServers</c> block of client configurations, in the shapes that clients use.</summary>
internal static class McpServersJson
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 32 };

    /// <returns>The servers; null, with what is wrong, when there are none to be found.</returns>
    public static IReadOnlyList<ClientServer>? Read(string text, out string? fault)
    {
        fault = null;
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(text, Lenient);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            fault = $"this is not JSON: {e.Message}";
            return null;
        }

        if (Block(root) is not { } block)
        {
            fault = "there is no object \"mcpServers\" (or \"servers\", as VS Code writes it) in it";
            return null;
        }

        return [.. block.EnumerateObject().Select(p => new ClientServer(p.Name, p.Value))];
    }

    private static JsonElement? Block(JsonElement root)
    {
        foreach (var name in (string[])["mcpServers", "servers", "context_servers"])
        {
            if (Member(root, name) is { ValueKind: JsonValueKind.Object } block)
            {
                return block;
            }
        }

        return Member(root, "mcp") is { } mcp ? Block(mcp) : null;
    }

    public static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    public static string? Text(JsonElement element, string name) => Member(element, name) is { } value ? Text(value) : null;

    public static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
