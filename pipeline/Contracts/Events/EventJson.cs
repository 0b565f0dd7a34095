using System.Text.Json;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>The one serialisation of event data: camelCase, no nulls, unknown members kept out of the way of older readers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DigestConverter), typeof(EventIdConverter)])]
[JsonSerializable(typeof(CallIntended))]
[JsonSerializable(typeof(CallRefused))]
[JsonSerializable(typeof(CallCompleted))]
[JsonSerializable(typeof(MessageRelayed))]
[JsonSerializable(typeof(WriterStarted))]
[JsonSerializable(typeof(WriterStopped))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(ToolPinned))]
[JsonSerializable(typeof(ToolChanged))]
[JsonSerializable(typeof(KeyCreated))]
[JsonSerializable(typeof(KeyRevoked))]
[JsonSerializable(typeof(PolicyPublished))]
[JsonSerializable(typeof(CheckpointSigned))]
[JsonSerializable(typeof(SigningKeyRotated))]
[JsonSerializable(typeof(ChainFaultFound))]
[JsonSerializable(typeof(SegmentDropped))]
[JsonSerializable(typeof(AccessGranted))]
internal sealed partial class EventJson : JsonSerializerContext;

internal sealed class DigestConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out var digest) ? digest : throw new JsonException("A digest is 64 hex digits.");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options)
    {
        Span<byte> ascii = stackalloc byte[Digest.Size * 2];
        value.FormatHex(ascii);
        writer.WriteStringValue(ascii);
    }
}

internal sealed class EventIdConverter : JsonConverter<EventId>
{
    public override EventId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        EventId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("An id is a UUID in its 36-character form.");

    public override void Write(Utf8JsonWriter writer, EventId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
