using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>The one serialisation of event data: camelCase, no nulls, unknown members kept out of the way of older readers.</summary>
/// <remarks>Converters stand on their types: one among the options would turn the generated writing off.</remarks>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
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
[JsonSerializable(typeof(DamageAccepted))]
[JsonSerializable(typeof(SegmentDropped))]
[JsonSerializable(typeof(LedgerDrifted))]
[JsonSerializable(typeof(AccessGranted))]
[JsonSerializable(typeof(FindingRaised))]
[JsonSerializable(typeof(FindingReviewed))]
[JsonSerializable(typeof(SessionLabelled))]
[JsonSerializable(typeof(PrincipalStopped))]
[JsonSerializable(typeof(PrincipalReleased))]
internal sealed partial class EventJson : JsonSerializerContext;

/// <summary>
/// How records are read back: what the shape calls not null must be there, and no member twice. Apart from the context that writes, whose generated fast path it would turn off.
/// </summary>
internal static class RecordJson
{
    /// <summary>Deepest nesting of a record: a message of any depth that the wire reader may be set to accept, with what an event puts around it.</summary>
    public const int MaxDepth = 256 + 16;

    private static readonly JsonSerializerOptions Options = new(EventJson.Default.Options)
    {
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        MaxDepth = MaxDepth,
        TypeInfoResolver = JsonTypeInfoResolver.WithAddedModifier(EventJson.Default, RequireWhatIsNotNull),
    };

    public static JsonTypeInfo ShapeOf(Type type) => Options.GetTypeInfo(type);

    private static void RequireWhatIsNotNull(JsonTypeInfo shape)
    {
        foreach (var member in shape.Properties)
        {
            member.IsRequired |= member.AssociatedParameter is { IsMemberInitializer: false, IsNullable: false, HasDefaultValue: false };
        }
    }
}

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
