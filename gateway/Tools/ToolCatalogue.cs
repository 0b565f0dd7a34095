using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Recording;

namespace McpLedger.Gateway.Tools;

/// <summary>
/// Holds what servers list against what the control log knows: a tool seen for the first time is pinned (served or held, as the configuration says), one that
/// changed is recorded with what changed since it was pinned. The log is the only memory: a list goes on when its events are folded back, and a tool that a
/// server takes away and brings back finds its pin as it was.
/// </summary>
internal sealed class ToolCatalogue(ControlState control, ControlFollower follower, ControlRecorder recorder, GatewayTelemetry telemetry)
{
    private static readonly TimeSpan LongestFold = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    /// <summary>Records what is new in a list.</summary>
    /// <returns>Whether everything about it is durable and folded, so that the list may be judged.</returns>
    public async ValueTask<bool> TryRecordAsync(ServerConfig server, IReadOnlyList<ToolDefinition> tools)
    {
        if (tools.All(tool => IsKnown(server.Name, tool)))
        {
            return true;
        }

        // One list of a server at a time: those who wait find that what they saw is known.
        var gate = _gates.GetOrAdd(server.Name, static _ => new(1, 1));
        await gate.WaitAsync();
        try
        {
            var appends = tools.Where(tool => !IsKnown(server.Name, tool)).Select(tool => recorder.RecordAsync(EventOf(server, tool), $"{server.Name}/{tool.Name}").AsTask());
            var offsets = await Task.WhenAll(appends);
            return offsets.All(offset => offset is not null) && (offsets.Length == 0 || await follower.WaitForAsync(offsets.Max()!.Value, LongestFold));
        }
        finally
        {
            gate.Release();
        }
    }

    private bool IsKnown(string server, ToolDefinition tool) => control.FindTool(server, tool.Name) is { } known && known.Seen == tool.Definition;

    // Measured against what was pinned, not against what was last seen: many small steps must not add up unseen.
    private EventData EventOf(ServerConfig server, ToolDefinition tool)
    {
        if (control.FindTool(server.Name, tool.Name) is not { } known)
        {
            return FirstSeen(server, tool);
        }

        var changes = ToolDiff.Compare(known.Content.Utf8, tool.Raw);
        var risk = ToolDiff.RiskOf(changes);
        telemetry.ToolChanged(server.Name, tool.Name, risk);
        return new ToolChanged
        {
            Server = server.Name,
            Tool = tool.Name,
            Previous = known.Seen,
            Definition = tool.Definition,
            Content = RawJson.FromTrusted(tool.Raw),
            Changes = changes,
            Risk = risk,
        };
    }

    private ToolPinned FirstSeen(ServerConfig server, ToolDefinition tool)
    {
        var isHeld = server.FirstTools == FirstTools.Hold;
        if (isHeld)
        {
            telemetry.ToolHeld(server.Name, tool.Name);
        }

        return new() { Server = server.Name, Tool = tool.Name, Definition = tool.Definition, Content = RawJson.FromTrusted(tool.Raw), Held = isHeld ? true : null };
    }
}
