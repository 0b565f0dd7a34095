using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tools;

/// <summary>One tool as a server lists it.</summary>
/// <param name="Name">Its name, unique within the server.</param>
/// <param name="Raw">The whole tool object as it stands in the message; a slice of the caller's buffer.</param>
/// <param name="Definition">SHA-256 over the canonical form (RFC 8785) of that object: equal exactly when nothing but spelling differs.</param>
public sealed record ToolDefinition(string Name, ReadOnlyMemory<byte> Raw, Digest Definition)
{
    /// <summary>Whether it is what a server tells models about itself, and no tool.</summary>
    public bool IsInstructions => Name == ServerInstructions.Name;
}

/// <summary>The tools of a <c>tools/list</c> result.</summary>
public static class ToolList
{
    /// <summary>Whether a result has an array <c>tools</c>, whatever stands in it: a client may take it for a list.</summary>
    public static bool IsIn(ReadOnlyMemory<byte> result, McpLimits limits) => ToolListScan.HasTools(result, limits);

    /// <summary>Takes the tools out of a result.</summary>
    /// <param name="result">The object <c>result</c> that <see cref="McpReader"/> read.</param>
    /// <param name="limits">The wire's limits.</param>
    /// <param name="tools">In the order of the list; empty when there is a fault.</param>
    /// <param name="fault">Why the list can't be judged, so that none of it may be served unseen; null when it can.</param>
    /// <returns>False when there is a fault.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> result, McpLimits limits, out IReadOnlyList<ToolDefinition> tools, out string? fault)
    {
        var items = new List<ToolItem>();
        tools = [];
        fault = ToolListScan.Read(result, limits, items, out _) ? null : "\"result.tools\" is no array of objects.";
        var found = new List<ToolDefinition>(items.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var raw = item.Whole.Of(result);
            if (fault is not null)
            {
                break;
            }

            if (item.Name is not { } name)
            {
                fault = $"Tool {found.Count + 1} of the list has no name, or one of more than {limits.MaxNameBytes} bytes.";
            }
            else if (!names.Add(name))
            {
                fault = $"Tool {found.Count + 1} of the list has the name of one before it.";
            }
            else if (!CanonicalJson.TryWrite(raw, out var canonical))
            {
                fault = $"Tool {found.Count + 1} of the list has no canonical form: it holds half a surrogate pair or a number beyond a double.";
            }
            else
            {
                found.Add(new(name, raw, Digest.Of(canonical)));
            }
        }

        tools = fault is null ? found : [];
        return fault is null;
    }
}

/// <summary>Where one tool lies in a list; the name is null when it can't be read.</summary>
internal readonly record struct ToolItem(string? Name, Slice Whole);

/// <summary>Finds the tools and the cache scope in a result without copying it.</summary>
internal static class ToolListScan
{
    public static bool HasTools(ReadOnlyMemory<byte> result, McpLimits limits)
    {
        var json = new StrictJson(result, limits);
        try
        {
            var members = json.Peek() == '{' ? json.Open(folds: true) : default;
            var has = false;
            while (!has && json.Next(ref members, out var name))
            {
                has = name.SequenceEqual("tools"u8) && json.Peek() == '[';
                json.Skip();
            }

            return has;
        }
        finally
        {
            json.Release();
        }
    }

    public static bool Read(ReadOnlyMemory<byte> result, McpLimits limits, List<ToolItem> items, out Slice cacheScope)
    {
        var json = new StrictJson(result, limits);
        cacheScope = default;
        var isList = false;
        try
        {
            if (json.Peek() != '{')
            {
                return false;
            }

            var members = json.Open(folds: true);
            while (json.Next(ref members, out var name))
            {
                if (name.SequenceEqual("tools"u8) && json.Peek() == '[')
                {
                    isList = Items(ref json, result, limits, items);
                }
                else if (name.SequenceEqual("cacheScope"u8))
                {
                    json.Peek();
                    cacheScope = json.Skip();
                }
                else
                {
                    json.Skip();
                }
            }

            json.End();
            return isList && json.Fault.Kind == JsonFaultKind.None;
        }
        finally
        {
            json.Release();
        }
    }

    private static bool Items(ref StrictJson json, ReadOnlyMemory<byte> result, McpLimits limits, List<ToolItem> items)
    {
        var begun = false;
        var isList = true;
        json.OpenArray();
        while (json.NextItem(ref begun))
        {
            if (json.Peek() == '{')
            {
                items.Add(Item(ref json, result.Span, limits));
            }
            else
            {
                isList = false;
                json.Skip();
            }
        }

        return isList;
    }

    private static ToolItem Item(ref StrictJson json, ReadOnlySpan<byte> result, McpLimits limits)
    {
        var start = json.At;
        string? toolName = null;
        var members = json.Open(folds: true);
        while (json.Next(ref members, out var name))
        {
            var isName = name.SequenceEqual("name"u8);
            json.Peek();
            var value = json.Skip();
            if (isName && !json.IsStopped && result[value.Start] == '"' && value.Length - 2 <= limits.MaxNameBytes)
            {
                toolName = JsonText.Read(value.Of(result)[1..^1]);
            }
        }

        return new(toolName, new(start, json.At - start));
    }
}
