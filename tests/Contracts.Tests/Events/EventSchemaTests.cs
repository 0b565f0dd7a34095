using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Events;

public sealed class EventSchemaTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    public static TheoryData<string> Types => [.. EventCatalog.Names];

    [Theory]
    [MemberData(nameof(Types))]
    public void The_schema_of_an_event_changes_only_on_purpose(string type)
    {
        var schema = EventCatalog.ReadingShapeOf(type)!.GetJsonSchemaAsNode(new() { TransformSchemaNode = Name, TreatNullObliviousAsNonNullable = true });
        Approved.Match(
            $"{type}.schema.json",
            schema.ToJsonString(Indented) + "\n",
            "Within a version only optional members may be added; a changed meaning is a new version of the type.");
    }

    /// <summary>The types with a form of their own say which.</summary>
    private static JsonNode Name(JsonSchemaExporterContext context, JsonNode schema) => context.TypeInfo.Type switch
    {
        { } type when type == typeof(Digest) || type == typeof(Digest?) => Form("64 lower-case hex digits of a SHA-256"),
        { } type when type == typeof(EventId) || type == typeof(EventId?) => Form("a UUID of version 7"),
        { } type when type == typeof(RawJson) || type == typeof(RawJson?) => new JsonObject { ["$comment"] = "any JSON, as it was sent" },
        _ => WithRequired(context, schema),
    };

    /// <summary>The exporter calls every constructor parameter without a default required; a record may leave out those that can be null.</summary>
    private static JsonNode WithRequired(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (schema is JsonObject shape && shape["required"] is JsonArray)
        {
            shape["required"] = new JsonArray([.. context.TypeInfo.Properties.Where(member => member.IsRequired).Select(member => (JsonNode)member.Name)]);
        }

        return schema;
    }

    private static JsonObject Form(string comment) => new() { ["$comment"] = comment, ["type"] = "string" };
}
