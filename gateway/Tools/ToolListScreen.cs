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
internal readonly record struct Screened(ReadOnlyMemory<byte> Bytes, bool IsChanged, bool IsRecorded, string? Fault);

/// <summary>Screens lists of tools: what the caller may not call is not in them, and neither is what waits for approval.</summary>
internal sealed class ToolListScreen(ToolCatalogue catalogue, ControlState control)
{
    private const string ToolsList = "tools/list";

    /// <summary>Screens the answer to a call, or one on a stream that belongs to no call; only lists of tools are ever changed.</summary>
    public ValueTask<Screened> ScreenAsync(Call call, McpMessage answer)
    {
        var isList = call.What.Method == ToolsList || (call.What.Method == "GET" && LooksLikeList(call, answer));
        return isList && !answer.Result.IsEmpty ? ScreenListAsync(call, answer) : new(new Screened(answer.Raw, IsChanged: false, IsRecorded: true, Fault: null));
    }

    // Which request a resumed stream's answer belongs to is not told, so its form decides.
    private static bool LooksLikeList(Call call, McpMessage answer) =>
        !answer.Result.IsEmpty && ToolListFilter.Apply(answer, call.Exchange.Gateway.Limits, isPerCaller: false, static _ => true) is not null
        && answer.Result.Span.IndexOf("\"inputSchema\""u8) >= 0;

    private async ValueTask<Screened> ScreenListAsync(Call call, McpMessage answer)
    {
        var gateway = call.Exchange.Gateway;
        if (!ToolList.TryRead(answer.Result, gateway.Limits, out var tools, out var fault))
        {
            return new(default, IsChanged: false, IsRecorded: true, $"Its list of tools cannot be judged: {fault}");
        }

        if (!await catalogue.TryRecordAsync(call.Exchange.Server!, tools))
        {
            return new(default, IsChanged: false, IsRecorded: false, Fault: null);
        }

        var filtered = ToolListFilter.Apply(answer, gateway.Limits, gateway.Policy.IsPerCaller, tool => IsShown(call, tool));
        return filtered is null
            ? new(default, IsChanged: false, IsRecorded: true, "Its list of tools cannot be judged.")
            : new(filtered.Message, filtered.IsChanged, IsRecorded: true, Fault: null);
    }

    private bool IsShown(Call call, string tool) =>
        CallDecider.Decide(call.Exchange.Gateway.Policy, CallHandler.FactsOf(call.Exchange, "tools/call", tool, control.FindTool(call.Exchange.ServerName, tool))) is Decision.Forward;
}
