using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace McpLedger.Contracts.Events;

/// <summary>A JSON value kept as the bytes it was read as, and written back as those bytes.</summary>
[JsonConverter(typeof(Converter))]
public readonly struct RawJson
{
    private RawJson(ReadOnlyMemory<byte> utf8) => Utf8 = utf8;

    /// <summary>The bytes; empty means there is no value.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>Vouches that <paramref name="utf8"/> is one complete JSON value, read by the strict reader or written by us. It is not checked again.</summary>
    public static RawJson FromTrusted(ReadOnlyMemory<byte> utf8) => new(utf8);

    /// <inheritdoc/>
    public override string ToString() => System.Text.Encoding.UTF8.GetString(Utf8.Span);

    internal sealed class Converter : JsonConverter<RawJson>
    {
        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return new(JsonMarshal.GetRawUtf8Value(document.RootElement).ToArray());
        }

        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options)
        {
            if (value.Utf8.IsEmpty)
            {
                writer.WriteNullValue();
            }
            else
            {
                writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
            }
        }
    }
}
