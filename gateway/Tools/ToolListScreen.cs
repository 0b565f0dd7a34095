using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Decisions;

namespace McpLedger.Gateway.Tools;

/// <summary>What came of screening an answer.</summary>
/// <param name="Bytes">What the client may be given.</param>
/// <param name="IsChanged">Whether that differs from what the upstream sent.</param>
/// <param name="IsRecorded">Whether all that had to be recorded about it is durable.</param>
/// <param name="Fault">Why it cannot be judged and so may not pass; null when it can.</param>
internal readonly record struct Screened(ReadOnlyMemory<byte> Bytes, bool IsChanged, bool IsRecorded, string? Fault)
{
    /// <summary>The answer as it is recorded.</summary>
    public McpMessage Recorded { get; init; }

    /// <summary>What is recorded of what the client is given, where that differs from what is recorded of the answer; empty otherwise.</summary>
    public ReadOnlyMemory<byte> Released { get; init; }

    /// <summary>What was found in it; null for nothing.</summary>
    public ScreeningRecord? Screening { get; init; }

    /// <summary>Why it is withheld, in words that a model can read; null when it is not. <see cref="Bytes"/> say so to the client then.</summary>
    public string? Refusal { get; init; }
}

/// <summary>Screens lists of tools: what the caller may not call is not in them, and neither is what waits for approval.</summary>
internal sealed class ToolListScreen(ToolCatalogue catalogue, ControlState control)
{
    private const string ToolsList = "tools/list";

    /// <summary>Whether an answer is a list of tools. Which request an answer on a GET stream belongs to is not told, so its form decides.</summary>
    public static bool IsList(Call call, in McpMessage answer) =>
        !answer.Result.IsEmpty && (call.What.Method == ToolsList || (call.What.Method == "GET" && ToolList.IsIn(answer.Result, call.Exchange.Gateway.Limits)));

    /// <summary>Screens a list.</summary>
    public async ValueTask<Screened> ScreenAsync(Call call, McpMessage answer)
    {
        var gateway = call.Exchange.Gateway;
        if (!ToolList.TryRead(answer.Result, gateway.Limits, out var tools, out var fault))
        {
            return new(default, IsChanged: false, IsRecorded: true, $"Its list of tools cannot be judged: {fault}");
        }

        // What calls itself by the name of the instructions is no tool: it is neither pinned nor shown.
        tools = [.. tools.Where(tool => !tool.IsInstructions)];
        var catalogued = await catalogue.RecordAsync(call.Exchange.Server!, gateway.Screening, tools);
        if (catalogued.Fault is { } tooMany)
        {
            return new(default, IsChanged: false, IsRecorded: true, $"Its list of tools cannot be judged: {tooMany}");
        }

        if (!catalogued.IsRecorded)
        {
            return new(default, IsChanged: false, IsRecorded: false, Fault: null);
        }

        var listed = tools.ToDictionary(tool => tool.Name, tool => tool.Definition, StringComparer.Ordinal);
        var filtered = ToolListFilter.Apply(answer, gateway.Limits, gateway.Policy.IsPerCaller, tool => listed.TryGetValue(tool, out var definition) && IsShown(call, tool, definition));
        return filtered is null
            ? new(default, IsChanged: false, IsRecorded: true, "Its list of tools cannot be judged.")
            : new(filtered.Message, filtered.IsChanged, IsRecorded: true, Fault: null);
    }

    // What is known by now may be of another list, which a server sent meanwhile: it speaks for the definition that it was about, and for no other.
    private bool IsShown(Call call, string tool, Digest definition)
    {
        var known = control.FindTool(call.Exchange.ServerName, tool);
        return (definition == known?.Seen || definition == known?.Pinned)
            && CallDecider.Decide(call.Exchange.Gateway.Policy, CallHandler.FactsOf(call.Exchange, "tools/call", tool, known)) is Decision.Forward;
    }
}
