using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Decisions;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Answers;

/// <summary>How a request is refused: what the client is told, and what the event says.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">JSON-RPC error code; null for a tool error, which the model reads.</param>
/// <param name="Told">What the client is told.</param>
/// <param name="Reason">Why, as the event says it.</param>
internal sealed record Refusal(int Status, int? Code, string Told, string Reason)
{
    /// <summary>A rule refuses. Outside JSON-RPC's reserved range, as MCP asks of codes of our own.</summary>
    public const int RefusedByPolicy = -31403;

    /// <summary>The session is unknown or over (what MCP's SDKs use).</summary>
    public const int SessionNotFound = -32001;

    /// <summary>Credentials are missing or not good.</summary>
    public const int Unauthenticated = -31401;

    /// <summary>The rules that decided.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Facts that decided and are nowhere else in the event; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Facts { get; init; }

    /// <summary>The id of a message that could be read no further; null where the message has its own.</summary>
    public RawJson? Id { get; init; }

    /// <summary>The error's <c>data</c>; null for none.</summary>
    public RawJson? Data { get; init; }

    /// <summary>A header that belongs to the answer; null for none.</summary>
    public (string Name, string Value)? Header { get; init; }

    public static Refusal Of(McpFault fault) => new(fault.Status, fault.Code, fault.Message, fault.Message) { Data = fault.Data, Id = fault.Id };

    public static Refusal Plain(int status, int code, string reason) => new(status, code, reason, reason);

    /// <summary>What was found in a message that may not pass with it: a model reads why where a tool was called.</summary>
    public static Refusal Screened(string reason, in McpMessage message) =>
        message is { Method: "tools/call", Kind: McpKind.Request } ? new(StatusCodes.Status200OK, null, reason, reason)
        : Plain(message.Kind == McpKind.Request ? StatusCodes.Status200OK : StatusCodes.Status403Forbidden, RefusedByPolicy, reason);

    /// <summary>What a decision against a message comes to.</summary>
    public static Refusal Of(Decision.Refuse decision, in McpMessage message)
    {
        // A message without an id gets no JSON-RPC answer, so the status must say it.
        var status = message.Kind == McpKind.Request ? StatusCodes.Status200OK : StatusCodes.Status403Forbidden;
        var refusal = decision.Kind switch
        {
            RefusalKind.UnknownServer => Plain(StatusCodes.Status404NotFound, RefusedByPolicy, decision.Reason),
            RefusalKind.Hidden => new(status, McpErrors.InvalidParams, $"Unknown tool: {message.Name}", decision.Reason),
            _ when message is { Method: "tools/call", Kind: McpKind.Request } => new(status, null, decision.Reason, decision.Reason),
            _ => Plain(status, RefusedByPolicy, decision.Reason),
        };
        return refusal with { Rules = decision.Rules, Facts = decision.Facts };
    }
}
