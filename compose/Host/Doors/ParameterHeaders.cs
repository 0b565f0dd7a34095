using System.Collections.Concurrent;
using System.Text.Json;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Host.Doors;

/// <summary>The <c>Mcp-Param-*</c> headers of modern calls: arguments that a tool's schema marks with <c>x-mcp-header</c> (SEP-2243). Learnt from the lists that pass by.</summary>
internal sealed class ParameterHeaders
{
    private const string Mark = "x-mcp-header";
    private const int DeepestSchema = 16;
    private const int MostTools = 10_000;
    private readonly ConcurrentDictionary<string, IReadOnlyList<(string Header, string[] Path)>> _marked = new(StringComparer.Ordinal);

    /// <summary>Looks through the tools of a <c>tools/list</c> result.</summary>
    public void Learn(ReadOnlyMemory<byte> result)
    {
        using var document = JsonDocument.Parse(result);
        if (!document.RootElement.TryGetProperty("tools", out var tools) || tools.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var tool in tools.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.Object))
        {
            if (tool.TryGetProperty("name", out var name) && name.GetString() is { } called && tool.TryGetProperty("inputSchema", out var schema) && _marked.Count < MostTools)
            {
                var found = new List<(string, string[])>();
                Collect(schema, [], found);
                _marked[called] = found;
            }
        }
    }

    /// <summary>The headers that a call needs.</summary>
    public IEnumerable<(string Header, string Value)> For(McpMessage message)
    {
        if (message.Method != "tools/call" || message.Name is null || !_marked.TryGetValue(message.Name, out var marked) || marked.Count == 0 || message.Arguments.IsEmpty)
        {
            yield break;
        }

        using var document = JsonDocument.Parse(message.Arguments);
        foreach (var (header, path) in marked)
        {
            if (At(document.RootElement, path) is { } value && Text(value) is { } text)
            {
                yield return ($"Mcp-Param-{header}", text);
            }
        }
    }

    private static void Collect(JsonElement schema, string[] path, List<(string, string[])> found)
    {
        if (path.Length > DeepestSchema || schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in properties.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object))
        {
            string[] inner = [.. path, property.Name];
            if (property.Value.TryGetProperty(Mark, out var mark) && mark.ValueKind == JsonValueKind.String)
            {
                found.Add((mark.GetString()!, inner));
            }

            Collect(property.Value, inner, found);
        }
    }

    private static JsonElement? At(JsonElement value, string[] path)
    {
        foreach (var name in path)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return null;
            }
        }

        return value;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };
}
