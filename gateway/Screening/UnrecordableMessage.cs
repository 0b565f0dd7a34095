using System.Buffers;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Screening;

/// <summary>
/// What is recorded of a message that is no message any more without the values that may not be recorded: what it was, and nothing that its sender chose. Evidence is lost rather than a secret kept.
/// </summary>
internal static class UnrecordableMessage
{
    private const string Mark = "[unrecordable]";

    /// <summary>Writes it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isHead">Whether its id or its method holds such values too.</param>
    public static McpMessage Of(in McpMessage message, bool isHead)
    {
        var id = message.Id is not null && isHead ? RawJson.FromTrusted("\"[unrecordable]\""u8.ToArray()) : message.Id;
        ReadOnlyMemory<byte> bytes = message.Kind == McpKind.Response
            ? McpErrors.Write(id, McpErrors.InternalError, $"{Mark} It holds values that may not be recorded, and cannot be read without them.", null)
            : Request(id, isHead ? Mark : message.Method ?? Mark);
        return McpReader.Read(bytes, McpLimits.Default).Message;
    }

    private static ReadOnlyMemory<byte> Request(RawJson? id, string method)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
        if (id is { } own)
        {
            json.WritePropertyName("id"u8);
            json.WriteRawValue(own.Utf8.Span, skipInputValidation: true);
        }

        json.WriteString("method"u8, method);
        json.WriteStartObject("params"u8);

        // Methods want one of these.
        json.WriteString("name"u8, Mark);
        json.WriteString("uri"u8, Mark);
        json.WriteString("taskId"u8, Mark);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
