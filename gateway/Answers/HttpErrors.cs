using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Answers;

/// <summary>JSON-RPC errors as the bodies of HTTP errors: clients tell the eras apart by them, so they pass. Nothing else that is a message does.</summary>
internal static class HttpErrors
{
    /// <summary>Whether a message is an error about a request, or about one that the server could not read.</summary>
    /// <param name="message">The body of the HTTP error.</param>
    /// <param name="id">The request's id; null for none.</param>
    public static bool IsAbout(in McpMessage message, RawJson? id) =>
        message is { Kind: McpKind.Response, ErrorCode: not null } && (message.Id is not { } own || MessageKey.AreSame(own, id) || IsNone(own));

    /// <summary>What an error says: its body, or the one message of a stream that is its body, as servers answer that have a stream for everything (the C# SDK).</summary>
    public static ReadOnlyMemory<byte> Said(UpstreamAnswer upstream, ReadOnlyMemory<byte> body)
    {
        if (upstream is not { Status: >= 400, IsStream: true })
        {
            return body;
        }

        using var events = new SseReader(body.Length + 1);
        events.Append(body.Span);
        byte[]? only = null;
        while (events.TryRead(out var read) == SseStep.Event)
        {
            if (read.IsMessage && only is not null)
            {
                return body;
            }

            only = read.IsMessage ? read.Data.ToArray() : only;
        }

        return only is not null && events.Pending.IsEmpty ? only : body;
    }

    /// <summary>Whether a status says that the client erred; 401 and 407 are about the gateway's own credentials.</summary>
    public static bool IsClients(int status) => status is >= 400 and < 500 and not (StatusCodes.Status401Unauthorized or StatusCodes.Status407ProxyAuthenticationRequired);

    /// <summary>The status that a client is given in place of one whose body does not pass: of an error about another request its own, for by that, too, clients tell eras, streams that are not there and sessions that are over.</summary>
    public static int Told(int status, in McpRead read) =>
        IsClients(status) && read is { IsRead: true, Message.ErrorCode: not null } ? status : StatusCodes.Status502BadGateway;

    // JSON-RPC has null there (2.0, §5), and SDKs that know no id write an empty one (C#) or this word (Python before 2).
    private static bool IsNone(RawJson id) => MessageKey.From(id) is { IsText: true, Value: "" or "server-error" };
}
