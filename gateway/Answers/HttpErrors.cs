using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Sessions;

namespace McpLedger.Gateway.Answers;

/// <summary>JSON-RPC errors as the bodies of HTTP errors: clients tell the eras apart by them, so they pass. Nothing else that is a message does.</summary>
internal static class HttpErrors
{
    /// <summary>Whether a message is an error about a request, or about one that the server could not read.</summary>
    /// <param name="message">The body of the HTTP error.</param>
    /// <param name="id">The request's id; null for none.</param>
    public static bool IsAbout(in McpMessage message, RawJson? id) =>
        message is { Kind: McpKind.Response, ErrorCode: not null } && (message.Id is not { } own || MessageKey.AreSame(own, id) || IsNone(own));

    // JSON-RPC has null there (2.0, §5), and SDKs that know no id write an empty one (C#) or this word (Python before 2).
    private static bool IsNone(RawJson id) => MessageKey.From(id) is { IsText: true, Value: "" or "server-error" };
}
