using System.Globalization;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Policy;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Decisions;

/// <summary>
/// The decision: a pure function of the policy and the facts. A block rule wins over every allow rule; what no rule allows is refused (I7).
/// A rule that names tools speaks of those tools' calls; as an allow rule it also opens what a client needs to get to them.
/// </summary>
internal static class CallDecider
{
    private const string ToolsCall = "tools/call";

    private static readonly Decision.Refuse UnknownServer = new([], RefusalKind.UnknownServer, "There is no such server.");
    private static readonly Decision.Refuse NotAllowedTool = new([], RefusalKind.Hidden, "No rule allows this tool.");
    private static readonly Decision.Refuse NotAllowed = new([], RefusalKind.Told, "No rule allows this request.");
    private static readonly Decision.Refuse ChangedTool =
        new([], RefusalKind.Told, "The definition of this tool has changed since it was approved. It can be called again once an operator has approved the change.");

    private static readonly Decision.Refuse NewTool = new([], RefusalKind.Told, "This tool is new here. It can be called once an operator has approved it.");
    private static readonly Decision.Refuse MarkedTool =
        new([], RefusalKind.Told, "The definition of this tool bears marks of an attack on models. It can be called once an operator has approved it.");

    private static readonly Decision.Refuse ReservedName = new([], RefusalKind.Hidden, "No tool has this name: the server's instructions are pinned under it.");
    private static readonly Decision.Refuse UnlistedTool =
        new([], RefusalKind.Told, "The server never listed this tool. List its tools first; it can be called once an operator has approved it.");

    public static Decision Decide(PolicySnapshot policy, in CallFacts facts)
    {
        if (!policy.Servers.Contains(facts.Server))
        {
            return UnknownServer;
        }

        Rule? allowedBy = null;
        foreach (var rule in policy.Rules)
        {
            if (!rule.MatchesCaller(facts) || !SpeaksOf(rule, facts))
            {
                continue;
            }

            if (rule.Effect == RuleEffect.Block)
            {
                return Blocked(rule, facts);
            }

            allowedBy ??= rule;
        }

        return allowedBy is null ? (facts.Method == ToolsCall ? NotAllowedTool : NotAllowed) : (Decision?)Restrained(facts) ?? (Decision?)Withheld(facts.Hold) ?? new Decision.Forward(allowedBy.Cited);
    }

    private static Decision.Refuse? Withheld(ToolHold hold) => hold switch
    {
        ToolHold.None => null,
        ToolHold.Changed => ChangedTool,
        ToolHold.FirstSeen => NewTool,
        ToolHold.Marked => MarkedTool,
        ToolHold.Reserved => ReservedName,
        _ => UnlistedTool,
    };

    // What ends something may pass: a stopped agent can still cancel what it began.
    private static Decision.Refuse? Restrained(in CallFacts facts) => facts switch
    {
        { Restraint: null } or { Method: "DELETE" or "notifications/cancelled" } => null,
        { Restraint.PerMinute: null } => Restrained(facts.Restraint, $"This agent was stopped: {facts.Restraint.Reason}"),
        _ => Restrained(facts.Restraint, string.Create(CultureInfo.InvariantCulture, $"This agent may make {facts.Restraint.PerMinute} calls a minute, and has: {facts.Restraint.Reason}")),
    };

    private static Decision.Refuse Restrained(Restraint by, string reason) => new([], RefusalKind.Told, $"{reason} {EndOf(by)}")
    {
        Facts = by.Finding is { } finding ? new Dictionary<string, string>(StringComparer.Ordinal) { ["finding"] = finding.ToString() } : null,
    };

    private static string EndOf(Restraint restraint) => restraint.Until is { } until
        ? string.Create(CultureInfo.InvariantCulture, $"This ends at {until:yyyy-MM-ddTHH:mm:ssZ}, or when an operator releases it. Do not try again before.")
        : "This ends when an operator releases it. Do not try again; tell the person you work for.";

    private static bool SpeaksOf(Rule rule, in CallFacts facts) =>
        facts.Method == ToolsCall ? rule.MatchesTool(facts.Tool ?? "")
        : !rule.NamesTools || (rule.Effect == RuleEffect.Allow && LeadsToTools(facts.Method));

    // A block rule without a reason has nothing to tell, so the tool does not exist for this caller.
    private static Decision.Refuse Blocked(Rule rule, in CallFacts facts) =>
        facts.Method == ToolsCall && rule.Reason is null
            ? new(rule.Cited, RefusalKind.Hidden, "A rule blocks this tool.")
            : new(rule.Cited, RefusalKind.Told, rule.Reason ?? "A rule blocks this request.");

    /// <summary>Whether a method only opens the way to tools. A list of tasks is none: it names the tasks, and so the results, of everybody whom the server takes for one.</summary>
    public static bool LeadsToTools(string? method) => method switch
    {
        null or "GET" or "DELETE" => true,
        "initialize" or "ping" or "server/discover" or "tools/list" or "logging/setLevel" or "subscriptions/listen" => true,
        _ => method.StartsWith("notifications/", StringComparison.Ordinal) || method is "tasks/get" or "tasks/result" or "tasks/update" or "tasks/cancel",
    };
}
