using System.Collections.Frozen;
using System.Text;

namespace McpLedger.Contracts.Mcp;

/// <summary>The names that the protocol defines, in one instance each: reading them allocates nothing.</summary>
internal static class McpNames
{
    private const int LongestKnown = 64;

    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        "initialize",
        "notifications/initialized",
        "ping",
        "server/discover",
        "subscriptions/listen",
        "notifications/subscriptions/acknowledged",
        "tools/list",
        "tools/call",
        "notifications/tools/list_changed",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "prompts/list",
        "prompts/get",
        "notifications/prompts/list_changed",
        "completion/complete",
        "logging/setLevel",
        "notifications/message",
        "notifications/progress",
        "notifications/cancelled",
        "sampling/createMessage",
        "elicitation/create",
        "notifications/elicitation/complete",
        "roots/list",
        "notifications/roots/list_changed",
        "tasks/get",
        "tasks/list",
        "tasks/result",
        "tasks/update",
        "tasks/cancel",
        "notifications/tasks",
        "notifications/tasks/status",
        "complete",
        "input_required",
        "task",
        "2024-10-07",
        "2024-11-05",
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-28");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup = Known.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly byte[][] EnvelopeMembers = Folded("jsonrpc", "id", "method", "params", "result", "error");
    private static readonly byte[][] ParamsMembers = Folded(
        "name", "uri", "taskId", "arguments", "_meta", "protocolVersion", "clientInfo", "capabilities", "requestId", "progressToken", "requestState", "inputResponses", "cursor", "task");

    private static readonly byte[][] MetaMembers = Folded(
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/clientInfo",
        "io.modelcontextprotocol/subscriptionId",
        "io.modelcontextprotocol/logLevel",
        "progressToken",
        "traceparent");

    private static readonly byte[][] ResultMembers = Folded(
        "isError", "resultType", "content", "structuredContent", "protocolVersion", "instructions", "tools", "cacheScope", "ttlMs", "nextCursor", "taskId", "requestState", "inputRequests", "_meta");

    private static readonly byte[][] ErrorMembers = Folded("code", "message", "data");

    /// <summary>Whether the protocol defines the name.</summary>
    public static bool IsKnown(string name) => Known.Contains(name);

    /// <summary>The text of a string's inside that the scanner accepted; null when it stands for none.</summary>
    public static string? Read(ReadOnlySpan<byte> raw)
    {
        Span<char> text = stackalloc char[LongestKnown];
        return raw.Length <= LongestKnown && Encoding.UTF8.TryGetChars(raw, text, out var written) && Lookup.TryGetValue(text[..written], out var known)
            ? known
            : JsonText.Read(raw);
    }

    public static bool IsEnvelopeVariant(ReadOnlySpan<byte> name) => IsVariant(name, EnvelopeMembers);

    public static bool IsParamsVariant(ReadOnlySpan<byte> name) => IsVariant(name, ParamsMembers);

    public static bool IsMetaVariant(ReadOnlySpan<byte> name) => IsVariant(name, MetaMembers);

    public static bool IsResultVariant(ReadOnlySpan<byte> name) => IsVariant(name, ResultMembers);

    public static bool IsErrorVariant(ReadOnlySpan<byte> name) => IsVariant(name, ErrorMembers);

    /// <summary>True for a name that folds into one of <paramref name="members"/> and is none of them.</summary>
    private static bool IsVariant(ReadOnlySpan<byte> name, byte[][] members)
    {
        Span<byte> folded = stackalloc byte[LongestKnown];
        if (name.Length > LongestKnown)
        {
            return false;
        }

        folded = folded[..JsonText.Fold(name, folded)];
        for (var i = 0; i < members.Length; i += 2)
        {
            if (folded.SequenceEqual(members[i]))
            {
                return !name.SequenceEqual(members[i + 1]);
            }
        }

        return false;
    }

    /// <summary>Each name folded, and after it as the protocol spells it.</summary>
    private static byte[][] Folded(params string[] names) =>
        [.. names.SelectMany(name => new[] { Encoding.UTF8.GetBytes(name.ToLowerInvariant()), Encoding.UTF8.GetBytes(name) })];
}
