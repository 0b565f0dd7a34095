using System.Collections.Immutable;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Decisions;

/// <summary>Everything a decision reads. What is not in here cannot decide, and all of it is in the event.</summary>
/// <param name="Principal">Subject of the principal.</param>
/// <param name="Teams">Its teams.</param>
/// <param name="Server">Server that was asked for, whether or not it exists.</param>
/// <param name="Method">Method of the message; <c>GET</c> and <c>DELETE</c> for those requests; null for a client's answer to a server's request.</param>
/// <param name="Tool">Tool that a tools/call names; null for everything else.</param>
/// <param name="Hold">Why that tool waits for an operator.</param>
internal readonly record struct CallFacts(string Principal, IReadOnlyList<string> Teams, string Server, string? Method, string? Tool, ToolHold Hold)
{
    /// <summary>The stop that holds the caller, or the throttle whose minute is spent; null for neither.</summary>
    public Restraint? Restraint { get; init; }

    /// <summary>What is true of the session.</summary>
    public ImmutableHashSet<string> Labels { get; init; } = ImmutableHashSet<string>.Empty;
}
