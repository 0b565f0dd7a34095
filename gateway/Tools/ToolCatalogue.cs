using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Streaming;

namespace McpLedger.Gateway.Tools;

/// <summary>What came of recording a list.</summary>
/// <param name="IsRecorded">Whether all that had to be recorded about it is durable and folded.</param>
/// <param name="Fault">Why it is more than is kept of one server; null when it is not.</param>
internal readonly record struct Catalogued(bool IsRecorded, string? Fault);

/// <summary>
/// Holds what servers list against what the control log knows: a tool seen for the first time is pinned (served or held, as the configuration says), one that
/// changed is recorded with what changed since it was pinned. The log is the only memory: a list goes on when its events are folded back, and a tool that a
/// server takes away and brings back finds its pin as it was. A server's instructions are a definition like those of its tools.
/// </summary>
internal sealed class ToolCatalogue(
    ControlState control, ControlFollower follower, ControlRecorder recorder, DefinitionScreen definitions, ShadowScreen shadowing, GatewayTelemetry telemetry, TimeProvider time)
{
    /// <summary>Instructions of a server, one after the other, that are recorded in an hour.</summary>
    public const int InstructionsAnHour = 16;

    // A log never forgets a tool, and each that is new is held against all others.
    private const int MaxTools = 4096;

    // The log keeps what it is given for good, and a server may list something else each time. Who has as many tools as are kept may still list them all and change them all within an hour;
    // a definition counts as often as it has so many bytes, with the pinned one that it is held against, since both are written.
    private const int ToolsAnHour = 2 * MaxTools;
    private const int BytesOfOne = 4096;
    private static readonly TimeSpan LongestFold = TimeSpan.FromSeconds(5);

    // What a list waits behind others of its server: longer than one of them takes while the log works.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);
    private readonly HourlyQuota _tools = new(ToolsAnHour);
    private readonly HourlyQuota _instructions = new(InstructionsAnHour);

    /// <summary>
    /// Records what is new in a list, and what was found in its definitions. What is new beyond a server's hour is not recorded, and what nothing is known of is not shown.
    /// </summary>
    public async ValueTask<Catalogued> RecordAsync(ServerConfig server, ScreeningPolicy? screening, IReadOnlyList<ToolDefinition> tools)
    {
        if (tools.All(tool => IsKnownAlready(server.Name, screening, tool)))
        {
            return new(IsRecorded: true, Fault: null);
        }

        // One list of a server at a time: those who wait find that what they saw is known, and under a policy that is new that it is judged.
        var gate = _gates.GetOrAdd(server.Name, static _ => new(1, 1));
        if (!await TryEnterAsync(gate))
        {
            return new(IsRecorded: false, Fault: null);
        }

        try
        {
            return FaultOf(server.Name, tools) is { } tooMany ? new(IsRecorded: true, tooMany) : new(await TryRecordAsync(server, screening, tools), Fault: null);
        }
        finally
        {
            gate.Release();
        }
    }

    private async ValueTask<bool> TryEnterAsync(SemaphoreSlim gate)
    {
        using var deadline = new CancellationTokenSource(LongestWait, time);
        try
        {
            await gate.WaitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // Why a list is more than is kept of one server; null when it is not.
    private string? FaultOf(string server, IReadOnlyList<ToolDefinition> tools)
    {
        var added = tools.Count(tool => !tool.IsInstructions && control.FindTool(server, tool.Name) is null);
        var all = added == 0 ? 0 : added + control.Tools.Count(each => each.Key.Server == server && !each.Key.IsInstructions);
        return all <= MaxTools ? null : $"It would bring the tools that server {server} ever listed to {all}; at most {MaxTools} are kept of one server. Let it list fewer, under names that stay.";
    }

    private async ValueTask<bool> TryRecordAsync(ServerConfig server, ScreeningPolicy? screening, IReadOnlyList<ToolDefinition> tools)
    {
        (ToolDefinition Tool, int Cost)[] taken = [.. tools
            .Where(tool => !IsKnown(server.Name, screening, tool))
            .Select(tool => (Tool: tool, Cost: CostOf(server.Name, tool)))
            .Where(each => TryTake(server.Name, each.Tool, each.Cost))];
        var isRecorded = await TryRecordAsync(server, screening, tools, [.. taken.Select(each => each.Tool)]);
        foreach (var (tool, cost) in isRecorded ? [] : taken)
        {
            // What the log did not take fills it not, and comes again.
            QuotaOf(tool).GiveBack(server.Name, cost);
        }

        return isRecorded;
    }

    private async ValueTask<bool> TryRecordAsync(ServerConfig server, ScreeningPolicy? screening, IReadOnlyList<ToolDefinition> tools, ToolDefinition[] unknown)
    {
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

    // What was seen already is only judged anew, and the way back to the pin is as long as the way from there, which was counted.
    private int CostOf(string server, ToolDefinition tool)
    {
        var known = control.FindTool(server, tool.Name);
        return known?.Seen == tool.Definition || known?.Pinned == tool.Definition ? 0
            : tool.IsInstructions ? 1
            : 1 + ((tool.Raw.Length + (known?.Content.Utf8.Length ?? 0)) / BytesOfOne);
    }

    private bool TryTake(string server, ToolDefinition tool, int cost)
    {
        if (cost == 0 || QuotaOf(tool).TryTake(server, cost, time, out var isFirst))
        {
            return true;
        }

        if (isFirst)
        {
            telemetry.DefinitionsTooMany(server, tool.IsInstructions ? "instructions" : "definitions of tools");
        }

        return false;
    }

    private HourlyQuota QuotaOf(ToolDefinition tool) => tool.IsInstructions ? _instructions : _tools;

    private IEnumerable<(string Subject, EventData Data)> OthersOf(FoundShadows shadows) =>
        shadows.Others.Select(other => ($"{other.Server}/{other.Tool.Name}", (EventData)definitions.EventOf(other.Server, other.Tool, other.Judged)));

    private async ValueTask<bool> FoldedAsync(IEnumerable<(string Subject, EventData Data)> events)
    {
        var offsets = await Task.WhenAll(events.Select(each => recorder.RecordAsync(each.Data, each.Subject).AsTask()));
        return offsets.All(offset => offset is not null) && (offsets.Length == 0 || await follower.WaitForAsync(offsets.Max()!.Value, LongestFold));
    }

    // Known, and withheld where it must be: what was served before anybody looked is judged too, unless an operator did.
    private bool IsKnown(string server, ScreeningPolicy? screening, ToolDefinition tool) =>
        IsSeen(server, tool, out var isSettled) && (isSettled || screening is null || !definitions.Judge(screening, server, tool).IsWithheld);

    private bool IsKnownAlready(string server, ScreeningPolicy? screening, ToolDefinition tool) =>
        IsSeen(server, tool, out var isSettled) && (isSettled || screening is null || screening.FindDefinition(server, tool.Name, tool.Definition) is { IsWithheld: false });

    private bool IsSeen(string server, ToolDefinition tool, out bool isSettled)
    {
        var known = control.FindTool(server, tool.Name);
        isSettled = known is not null && (known.Hold != ToolHold.None || known.IsSeenApproved);
        return known?.Seen == tool.Definition;
    }

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
