using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>Why a message is refused, ready to be answered.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">JSON-RPC error code.</param>
/// <param name="Message">Names the field, what stood there and what would be right.</param>
/// <param name="Id">The message's id where it could be read; null otherwise.</param>
public sealed record McpFault(int Status, int Code, string Message, RawJson? Id)
{
    /// <summary>The same where it is told to others than the sender: it repeats no word of the message.</summary>
    public string Unquoted { get; init; } = Message;

    /// <summary>The error's <c>data</c>: what a client needs to do better (<c>supported</c>, <c>requested</c>). Null for none.</summary>
    public RawJson? Data { get; init; }

    /// <summary>The JSON-RPC error response that says so.</summary>
    public byte[] ToResponse() => McpErrors.Write(Id, Code, Message, Data);
}

/// <summary>What came of reading one message: a message, or a fault.</summary>
public readonly struct McpRead
{
    internal McpRead(in McpMessage message)
    {
        Message = message;
        Raw = message.Raw;
        IsRead = true;
    }

    internal McpRead(ReadOnlyMemory<byte> raw, McpFault fault) => (Raw, Fault) = (raw, fault);

    /// <summary>What was read, whatever came of it.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>True when <see cref="Message"/> is what arrived; false when <see cref="Fault"/> says why not.</summary>
    public bool IsRead { get; }

    /// <summary>The message; of kind <see cref="McpKind.Unreadable"/> when there is none.</summary>
    public McpMessage Message { get; }

    /// <summary>Why it was refused; null when it was read.</summary>
    public McpFault? Fault { get; }
}

/// <summary>What came of reading an array of messages (2025-03-26): each read on its own, or a fault of the whole.</summary>
/// <param name="Messages">In the order of the array; each a message or its own fault.</param>
/// <param name="Fault">Why the array as a whole is refused; null when it was split.</param>
public sealed record McpBatchRead(IReadOnlyList<McpRead> Messages, McpFault? Fault)
{
    /// <summary>True when the array was split.</summary>
    public bool IsRead => Fault is null;
}
