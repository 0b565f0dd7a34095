using System.Collections.Concurrent;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;

namespace McpLedger.Host.Doors;

/// <summary>The <c>Mcp-Param-*</c> headers of modern calls: arguments that a tool's schema marks with <c>x-mcp-header</c> (SEP-2243). Learnt from the lists that pass by.</summary>
internal sealed class ParameterHeaders
{
    private const int MostTools = 10_000;
    private readonly ConcurrentDictionary<string, IReadOnlyList<ParameterMark>> _marks = new(StringComparer.Ordinal);

    /// <summary>Looks through the tools of a <c>tools/list</c> result.</summary>
    public void Learn(ReadOnlyMemory<byte> result)
    {
        _ = ToolList.TryRead(result, McpLimits.Default, out var tools, out _);
        foreach (var tool in tools.Where(t => _marks.Count < MostTools || _marks.ContainsKey(t.Name)))
        {
            _marks[tool.Name] = ParameterMarks.Of(tool.Raw);
        }
    }

    /// <summary>The headers that a call needs, encoded.</summary>
    public IEnumerable<(string Name, string Value)> For(McpMessage message) =>
        message is { Method: "tools/call", Name: { } tool } && _marks.TryGetValue(tool, out var marks) ? ParameterMarks.Write(marks, message) : [];
}
