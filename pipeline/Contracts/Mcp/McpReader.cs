using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>
/// The one reader of the wire (I4): the gateway decides by what it reads and the log records what it read. Strict: what is not one well-formed message of the
/// protocol is refused with a fault that says what to change, never guessed at and never an exception.
/// </summary>
public static class McpReader
{
    /// <summary>Reads one message.</summary>
    /// <param name="body">UTF-8; the message keeps slices of it.</param>
    /// <param name="limits">How much it may ask for.</param>
    public static McpRead Read(ReadOnlyMemory<byte> body, McpLimits limits)
    {
        var reading = new McpReading(body, limits);
        try
        {
            return reading.Run();
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>True when <paramref name="body"/> begins like an array.</summary>
    public static bool IsBatch(ReadOnlySpan<byte> body)
    {
        var trimmed = body.TrimStart(" \t\r\n"u8);
        return !trimmed.IsEmpty && trimmed[0] == '[';
    }

    /// <summary>Splits an array of messages (2025-03-26 only) and reads each on its own.</summary>
    /// <param name="body">UTF-8; the messages keep slices of it.</param>
    /// <param name="limits">How much the whole array may ask for.</param>
    /// <param name="maxMessages">Most messages in it.</param>
    public static McpBatchRead ReadBatch(ReadOnlyMemory<byte> body, McpLimits limits, int maxMessages)
    {
        var items = new List<Slice>();
        if (Split(body, limits, maxMessages, items) is { } fault)
        {
            return new([], fault);
        }

        return items.Count == 0
            ? new([], McpFaults.Invalid("The array holds no message. Send at least one.", null))
            : new([.. items.Select(item => InBatch(Read(item.Of(body), limits)))], null);
    }

    /// <summary>Whether bytes are one JSON text, with no more in it than the wire allows. A name may stand twice in it: readers take one of them.</summary>
    public static bool IsJson(ReadOnlyMemory<byte> bytes, McpLimits limits) => Validate(bytes, limits).Kind is JsonFaultKind.None or JsonFaultKind.Duplicate;

    /// <summary>Checks one JSON text by the rules of the wire; what it means does not matter.</summary>
    internal static JsonFault Validate(ReadOnlyMemory<byte> body, McpLimits limits)
    {
        var json = new StrictJson(body, limits);
        json.Skip();
        json.End();
        var fault = json.Fault;
        json.Release();
        return fault;
    }

    private static McpFault? Split(ReadOnlyMemory<byte> body, McpLimits limits, int maxMessages, List<Slice> items)
    {
        var json = new StrictJson(body, limits);
        try
        {
            if (json.Peek() != '[')
            {
                return McpFaults.Invalid("The body is no array of messages.", null);
            }

            var begun = false;
            json.OpenArray();
            while (json.NextItem(ref begun))
            {
                if (items.Count == maxMessages)
                {
                    return McpFaults.Invalid($"The array holds more than {maxMessages} messages. Send fewer at once.", null);
                }

                json.Peek();
                items.Add(json.Skip());
            }

            json.End();

            // A name that stands twice is the fault of its own message, which its own reading reports.
            return json.IsStopped ? McpFaults.Of(json.Fault, limits, null) : null;
        }
        finally
        {
            json.Release();
        }
    }

    private static McpRead InBatch(in McpRead read) => read.IsRead && read.Message.Method == "initialize"
        ? new(read.Raw, McpFaults.Invalid("The method \"initialize\" must not be part of an array (2025-03-26, Lifecycle). Send it alone.", read.Message.Id))
        : read;
}

/// <summary>The faults that readers hand out.</summary>
internal static class McpFaults
{
    public const int BadRequest = 400;

    /// <summary>Of the JSON text: -32700 when it is no JSON, otherwise -32600.</summary>
    public static McpFault Of(JsonFault fault, McpLimits limits, RawJson? id) =>
        new(BadRequest, fault.IsGrammar ? McpErrors.ParseError : McpErrors.InvalidRequest, fault.Describe(limits), id) { Unquoted = (fault with { Name = null }).Describe(limits) };

    /// <summary>It is JSON and no message.</summary>
    public static McpFault Invalid(string message, RawJson? id) => new(BadRequest, McpErrors.InvalidRequest, message, id);

    /// <summary>It is a message whose params are not what its method needs.</summary>
    public static McpFault InvalidParams(string message, RawJson? id) => new(BadRequest, McpErrors.InvalidParams, message, id);
}
