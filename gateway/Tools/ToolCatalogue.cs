using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tools;

/// <summary>
/// Holds what servers list against what the control log knows: a tool seen for the first time is pinned (served or held, as the configuration says), one that
/// changed is recorded with what changed since it was pinned. The log is the only memory: a list goes on when its events are folded back, and a tool that a
/// server takes away and brings back finds its pin as it was. A server's instructions are a definition like those of its tools.
/// </summary>
internal sealed class ToolCatalogue(ControlState control, ControlFollower follower, ControlRecorder recorder, DefinitionScreen definitions, ShadowScreen shadowing, GatewayTelemetry telemetry)
{
    // A log never forgets a tool, and each that is new is held against all others.
    private const int MaxTools = 4096;
    private static readonly TimeSpan LongestFold = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    /// <summary>Why a list is more than is kept of one server; null when it is not.</summary>
    public string? FaultOf(string server, IReadOnlyList<ToolDefinition> tools)
    {
        var added = tools.Count(tool => control.FindTool(server, tool.Name) is null);
        var all = added == 0 ? 0 : added + control.Tools.Count(each => each.Key.Server == server && !each.Key.IsInstructions);
        return all <= MaxTools ? null : $"It would bring the tools that server {server} ever listed to {all}; at most {MaxTools} are kept of one server. Let it list fewer, under names that stay.";
    }

    /// <summary>Records what is new in a list, and what was found in its definitions.</summary>
    /// <returns>Whether everything about it is durable and folded, so that the list may be judged.</returns>
    public async ValueTask<bool> TryRecordAsync(ServerConfig server, ScreeningPolicy? screening, IReadOnlyList<ToolDefinition> tools)
    {
        if (tools.All(tool => IsKnown(server.Name, screening, tool)))
        {
            return true;
        }

        // One list of a server at a time: those who wait find that what they saw is known.
        var gate = _gates.GetOrAdd(server.Name, static _ => new(1, 1));
        await gate.WaitAsync();
        try
        {
            var unknown = tools.Where(tool => !IsKnown(server.Name, screening, tool)).ToArray();
            var before = control.Tools;
            var anew = NewTools.In(before, server.Name, tools, unknown);
            var shadows = screening is null ? FoundShadows.None : shadowing.Look(screening, anew, before, among: null);
            var isFolded = await FoldedAsync(unknown
                .SelectMany(tool => EventsOf(server, screening, tool, shadows.Own.GetValueOrDefault(tool.Name) ?? JudgedDefinition.Clean), (tool, data) => (Subject: $"{server.Name}/{tool.Name}", Data: data))
                .Concat(OthersOf(shadows)));

            // Another server's list may have been new at the same time: whichever is folded last sees both.
            var after = control.Tools;
            var meanwhile = after.Keys.Where(key => key.Server != server.Name && !before.ContainsKey(key)).ToHashSet();
            if (!isFolded || screening is null || meanwhile.Count == 0)
            {
                return isFolded;
            }

            shadows = shadowing.Look(screening, anew, after, meanwhile);
            return await FoldedAsync(anew.Changed
                .Where(tool => shadows.Own.TryGetValue(tool.Name, out var judged) && judged.Findings.Count > 0)
                .Select(tool => ($"{server.Name}/{tool.Name}", (EventData)definitions.EventOf(server.Name, tool, shadows.Own[tool.Name])))
                .Concat(OthersOf(shadows)));
        }
        finally
        {
            gate.Release();
        }
    }

    private IEnumerable<(string Subject, EventData Data)> OthersOf(FoundShadows shadows) =>
        shadows.Others.Select(other => ($"{other.Server}/{other.Tool.Name}", (EventData)definitions.EventOf(other.Server, other.Tool, other.Judged)));

    private async ValueTask<bool> FoldedAsync(IEnumerable<(string Subject, EventData Data)> events)
    {
        var offsets = await Task.WhenAll(events.Select(each => recorder.RecordAsync(each.Data, each.Subject).AsTask()));
        return offsets.All(offset => offset is not null) && (offsets.Length == 0 || await follower.WaitForAsync(offsets.Max()!.Value, LongestFold));
    }

    // Known, and withheld where it must be: what was served before anybody looked is judged too, unless an operator did.
    private bool IsKnown(string server, ScreeningPolicy? screening, ToolDefinition tool) =>
        control.FindTool(server, tool.Name) is { } known && known.Seen == tool.Definition
        && (known.Hold != ToolHold.None || known.IsSeenApproved || screening is null || !definitions.Judge(screening, server, tool).IsWithheld);

    private IEnumerable<EventData> EventsOf(ServerConfig server, ScreeningPolicy? screening, ToolDefinition tool, JudgedDefinition shadows)
    {
        var judged = screening is null ? JudgedDefinition.Clean : definitions.Judge(screening, server.Name, tool).With(shadows);
        if (control.FindTool(server.Name, tool.Name)?.Seen != tool.Definition)
        {
            yield return EventOf(server, tool, judged.IsWithheld);
        }

        if (judged.Findings.Count > 0)
        {
            yield return definitions.EventOf(server.Name, tool, judged);
        }
    }

    // Measured against what was pinned, not against what was last seen: many small steps must not add up unseen.
    private EventData EventOf(ServerConfig server, ToolDefinition tool, bool isMarked)
    {
        if (control.FindTool(server.Name, tool.Name) is not { } known)
        {
            return FirstSeen(server, tool, isMarked);
        }

        var changes = ToolDiff.Compare(known.Content.Utf8, tool.Raw);
        var risk = isMarked ? PinnedTool.HighRisk : ToolDiff.RiskOf(changes);
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

    private ToolPinned FirstSeen(ServerConfig server, ToolDefinition tool, bool isMarked)
    {
        var isHeld = isMarked || server.FirstTools == FirstTools.Hold;
        if (isHeld)
        {
            telemetry.ToolHeld(server.Name, tool.Name);
        }

        return new() { Server = server.Name, Tool = tool.Name, Definition = tool.Definition, Content = RawJson.FromTrusted(tool.Raw), Held = isHeld ? true : null };
    }
}
