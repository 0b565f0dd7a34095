using System.Text;

namespace McpLedger.Contracts.Mcp;

/// <summary>One event of a <c>text/event-stream</c> (WHATWG HTML §9.2). Memory is the reader's: valid until its next call.</summary>
public readonly struct SseEvent
{
    /// <summary>The exact bytes, the blank line that ends it included. All of them in order are the stream.</summary>
    public required ReadOnlyMemory<byte> Raw { get; init; }

    /// <summary>
    /// The bytes as they may be shown to readers that end lines where the standard does not, as Python's <c>splitlines</c> does: a line beside the data that holds such an end is a blank comment here.
    /// The same as <see cref="Raw"/> where there is none.
    /// </summary>
    public required ReadOnlyMemory<byte> Shown { get; init; }

    /// <summary>True when the id or the event's type holds such an end of a line: no such reader can be given it.</summary>
    public bool IsSplit { get; init; }

    /// <summary>What <c>event:</c> says; null when absent or empty, which means <c>message</c>.</summary>
    public string? Event { get; init; }

    /// <summary>What <c>id:</c> says; null when absent.</summary>
    public string? Id { get; init; }

    /// <summary>The lines of <c>data:</c> joined by line feeds.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>True when there is a line of <c>data:</c>, even an empty one.</summary>
    public bool HasData { get; init; }

    /// <summary>Whether it brings a message: data, under no other type than <c>message</c>. Clients pass over the data of any other.</summary>
    public bool IsMessage => !Data.IsEmpty && Event is null or "message";

    /// <summary>What <c>retry:</c> says, in milliseconds; null when absent or no number.</summary>
    public long? Retry { get; init; }

    /// <summary>True for comments and blank lines alone: a keep-alive, nothing to read.</summary>
    public bool IsCommentOnly { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Raw.Span);
}

/// <summary>What <see cref="SseReader.TryRead"/> came to.</summary>
public enum SseStep
{
    /// <summary>The next event is not complete: append more bytes.</summary>
    NeedMore = 0,

    /// <summary>An event.</summary>
    Event = 1,

    /// <summary>The event grows past the limit; the reader has given up and says so from now on.</summary>
    TooLong = 2,
}
