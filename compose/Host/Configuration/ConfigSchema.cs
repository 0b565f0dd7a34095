using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpLedger.Host.Configuration;

/// <summary>The JSON Schema (2020-12) of <c>mcpledger.yaml</c>, made from the records that bind it, for editors.</summary>
internal static class ConfigSchema
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write()
    {
        var schema = Section(typeof(ConfigFile), new ConfigFile());
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "mcpledger.yaml");
        return schema.ToJsonString(Layout) + "\n";
    }

    private static JsonObject Section(Type type, object defaults)
    {
        var properties = new JsonObject();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            properties[ConfigBinder.KeyOf(property)] = Key(property, property.GetValue(defaults));
        }

        return new() { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
    }

    private static JsonObject Key(PropertyInfo property, object? value)
    {
        var schema = Shape(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, value);
        schema["description"] = property.GetCustomAttribute<DescriptionAttribute>()!.Description;
        if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
        {
            schema["enum"] = new JsonArray([.. allowed.Values.Select(v => (JsonNode?)JsonValue.Create((string)v!))]);
        }

        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            schema["minimum"] = (int)range.Minimum;
            schema["maximum"] = (int)range.Maximum;
        }

        if (property.GetCustomAttribute<RegularExpressionAttribute>() is { } form)
        {
            schema["pattern"] = form.Pattern;
        }

        if (property.GetCustomAttribute<MaxLengthAttribute>() is { } longest)
        {
            schema["maxLength"] = longest.Length;
        }

        if (DefaultOf(value) is { } written)
        {
            schema["default"] = written;
        }

        return schema;
    }

    private static JsonObject Shape(Type type, object? value)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
        {
            return new() { ["type"] = "array", ["items"] = Shape(type.GenericTypeArguments[0], null) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableDictionary<,>))
        {
            return new() { ["type"] = "object", ["additionalProperties"] = Shape(type.GenericTypeArguments[1], null) };
        }

        if (ConfigBinder.IsSection(type))
        {
            return Section(type, value ?? Activator.CreateInstance(type)!);
        }

        return type switch
        {
            _ when type == typeof(bool) => new() { ["type"] = "boolean" },
            _ when type == typeof(int) => new() { ["type"] = "integer" },
            _ when type == typeof(TimeSpan) => new() { ["type"] = "string", ["pattern"] = "^[0-9]{1,10}(ms|s|m|h|d)$" },
            _ when type == typeof(ByteSize) => new() { ["type"] = "string", ["pattern"] = "^[0-9]{1,16} ?([KMGTkmgt]i?)?[Bb]$" },
            _ when type == typeof(Uri) => new() { ["type"] = "string", ["pattern"] = "^https?://" },
            _ when type == typeof(PeersValue) => new()
            {
                ["oneOf"] = new JsonArray(
                    new JsonObject { ["type"] = "string", ["pattern"] = "^dns:http://" },
                    new JsonObject { ["type"] = "object", ["additionalProperties"] = Shape(typeof(Uri), null) }),
            },
            _ when type == typeof(SecretText) => new() { ["type"] = new JsonArray("string", "number", "boolean") },
            _ => new() { ["type"] = "string" },
        };
    }

    internal static JsonNode? DefaultOf(object? value) => value switch
    {
        string text => text,
        bool flag => flag,
        int number => number,
        TimeSpan span => Scalars.Write(span),
        ByteSize size => Scalars.Write(size),
        Uri uri => uri.OriginalString,
        _ => null,
    };
}
