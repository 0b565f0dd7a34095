using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Stages.Detection;

/// <summary>The part of a recorded message that says something, without what differs from message to message: its arguments, its result or its error.</summary>
/// <param name="Name">The member: arguments, result or error; empty for the whole message.</param>
/// <param name="Start">Its first byte in the message.</param>
/// <param name="Json">Its bytes.</param>
internal readonly record struct MessagePart(string Name, int Start, ReadOnlyMemory<byte> Json)
{
    // As deep as a record may be nested.
    private const int Depth = 272;

    /// <summary>The arguments (or else the parameters) of a request.</summary>
    public static MessagePart OfRequest(ReadOnlyMemory<byte> message) => Find(message, "params") is { Json.IsEmpty: false } parameters
        ? Find(parameters.Json, "arguments") is { Json.IsEmpty: false } arguments ? arguments with { Name = "params/arguments", Start = parameters.Start + arguments.Start } : parameters
        : default;

    /// <summary>The result or the error of an answer.</summary>
    public static MessagePart OfAnswer(ReadOnlyMemory<byte> message) => Answered(message) is { Json.IsEmpty: false } answer ? answer : new("", 0, message);

    /// <summary>The parameters of a message that a server sends of its own; where it answers on a stream that was resumed, its result or its error.</summary>
    public static MessagePart OfMessage(ReadOnlyMemory<byte> message) => Find(message, "params") is { Json.IsEmpty: false } parameters ? parameters : Answered(message);

    private static MessagePart Answered(ReadOnlyMemory<byte> message) => Find(message, "result") is { Json.IsEmpty: false } result ? result : Find(message, "error");

    private static MessagePart Find(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span, new() { MaxDepth = Depth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return default;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isIt = reader.ValueTextEquals(name);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isIt)
                {
                    return new(name, start, json[start..(int)reader.BytesConsumed]);
                }
            }
        }
        catch (JsonException)
        {
            // A message that the strict reader never accepted has no parts.
        }

        return default;
    }

    /// <summary>The bytes of content that an event holds itself; empty where they lie elsewhere.</summary>
    public static ReadOnlyMemory<byte> Inline(Content? content) => content?.Json?.Utf8 ?? default;
}
