using System.Buffers;
using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>The JSON-RPC answers that are ours, and the codes of the protocol.</summary>
public static class McpErrors
{
    /// <summary>It is no JSON (JSON-RPC 2.0 §5.1).</summary>
    public const int ParseError = -32700;

    /// <summary>It is no valid message (JSON-RPC 2.0 §5.1).</summary>
    public const int InvalidRequest = -32600;

    /// <summary>There is no such method (JSON-RPC 2.0 §5.1).</summary>
    public const int MethodNotFound = -32601;

    /// <summary>The params are not what the method needs; also an unknown tool (JSON-RPC 2.0 §5.1).</summary>
    public const int InvalidParams = -32602;

    /// <summary>Something broke on this side (JSON-RPC 2.0 §5.1).</summary>
    public const int InternalError = -32603;

    /// <summary>A header does not say what the body says (MCP 2026-07-28, HeaderMismatch).</summary>
    public const int HeaderMismatch = -32020;

    /// <summary>The client lacks a capability that the call needs (MCP 2026-07-28); <c>data.requiredCapabilities</c>.</summary>
    public const int MissingClientCapability = -32021;

    /// <summary>The revision is not served (MCP 2026-07-28); <c>data.supported</c>, <c>data.requested</c>.</summary>
    public const int UnsupportedProtocolVersion = -32022;

    /// <summary>Writes a JSON-RPC error response.</summary>
    /// <param name="id">The request's id; null leaves the member out, as MCP's schemas want it where the id could not be read.</param>
    /// <param name="code">The code.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="data">More for programs; null for none.</param>
    public static byte[] Write(in RawJson? id, int code, string message, in RawJson? data)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = Begin(buffer, id);
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, code);
        json.WriteString("message"u8, message);
        if (data is { } more)
        {
            json.WritePropertyName("data"u8);
            json.WriteRawValue(more.Utf8.Span, skipInputValidation: true);
        }

        json.WriteEndObject();
        return End(json, buffer);
    }

    /// <summary>Writes a <c>tools/call</c> result with <c>isError: true</c>: the one refusal that reaches the model.</summary>
    /// <param name="id">The request's id.</param>
    /// <param name="text">What the model reads.</param>
    /// <param name="modern">True for <see cref="McpEra.Modern"/>, whose results carry <c>resultType</c>.</param>
    public static byte[] ToolError(RawJson id, string text, bool modern)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = Begin(buffer, id);
        json.WriteStartObject("result"u8);
        if (modern)
        {
            json.WriteString("resultType"u8, "complete"u8);
        }

        json.WriteStartArray("content"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteBoolean("isError"u8, true);
        json.WriteEndObject();
        return End(json, buffer);
    }

    private static Utf8JsonWriter Begin(ArrayBufferWriter<byte> buffer, RawJson? id)
    {
        var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
        if (id is { } known)
        {
            json.WritePropertyName("id"u8);
            json.WriteRawValue(known.Utf8.Span, skipInputValidation: true);
        }

        return json;
    }

    private static byte[] End(Utf8JsonWriter json, ArrayBufferWriter<byte> buffer)
    {
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
