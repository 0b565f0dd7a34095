using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Bodies of requests: whatever is said to the engine goes through a JSON writer, so no value can be anything else.</summary>
internal static class ElasticJson
{
    /// <summary>Nothing here is ever shown in a page, so only what JSON asks for is escaped.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };

    /// <summary>An object whose members <paramref name="write"/> writes.</summary>
    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, Options);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }

    public static void Object(this Utf8JsonWriter json, string name, Action write)
    {
        json.WriteStartObject(name);
        write();
        json.WriteEndObject();
    }

    public static void Array(this Utf8JsonWriter json, string name, Action write)
    {
        json.WriteStartArray(name);
        write();
        json.WriteEndArray();
    }
}
