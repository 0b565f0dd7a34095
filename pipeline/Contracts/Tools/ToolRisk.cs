using System.Text.Json;

namespace McpLedger.Contracts.Tools;

/// <summary>
/// How much a change of one field can hurt whoever approved the tool before it. The table stands in the room's README; what it does not name is high (I7).
/// </summary>
internal static class ToolRisk
{
    public const string None = "none";
    public const string Low = "low";
    public const string High = "high";

    private static readonly HashSet<string> Bounds = new(StringComparer.Ordinal)
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "multipleOf",
    };

    /// <summary>The higher of two grades.</summary>
    public static string Higher(string a, string b) => a == High || b == High ? High : a == Low || b == Low ? Low : None;

    /// <summary>Grades one change.</summary>
    /// <param name="path">Names and indices from the tool object down.</param>
    /// <param name="before">Null when the field is new.</param>
    /// <param name="after">Null when the field is gone.</param>
    public static string Grade(IReadOnlyList<string> path, JsonElement? before, JsonElement? after)
    {
        var inSchema = path.Count > 1 && path[0] is "inputSchema" or "outputSchema";
        return path[0] switch
        {
            "annotations" => Annotation(path, before, after),
            "icons" or "execution" => Low,
            "_meta" => path.Count > 1 && path[1] != "ui" ? Low : High,
            "outputSchema" => IsText(path, after ?? before) ? High : Low,
            "inputSchema" when inSchema => Schema(path, before, after),
            _ => High,
        };
    }

    private static string Schema(IReadOnlyList<string> path, JsonElement? before, JsonElement? after)
    {
        var name = path[^1];
        var isProperty = IsPropertyName(path);
        if (!isProperty && name is "required" or "enum" && IsSet(before) && IsSet(after))
        {
            return Set(before!.Value, after!.Value);
        }

        if (after is null)
        {
            return isProperty || name == "required" ? Low : High;
        }

        return !isProperty && Bounds.Contains(name) ? Low : High;
    }

    /// <summary>New members ask the model for more, or offer it more; fewer do not; another order says the same.</summary>
    private static string Set(JsonElement before, JsonElement after)
    {
        var known = before.EnumerateArray().Select(item => item.GetRawText()).ToHashSet(StringComparer.Ordinal);
        var now = after.EnumerateArray().Select(item => item.GetRawText()).ToHashSet(StringComparer.Ordinal);
        return known.SetEquals(now) ? None : now.IsSubsetOf(known) ? Low : High;
    }

    /// <summary>By the hints' defaults (2025-03-26, ToolAnnotations): readOnly false, destructive true, idempotent false, openWorld true.</summary>
    private static string Annotation(IReadOnlyList<string> path, JsonElement? before, JsonElement? after) => path.Count == 1 ? High : path[1] switch
    {
        "readOnlyHint" => IsTrue(before) && !IsTrue(after) ? High : Low,
        "destructiveHint" or "openWorldHint" => IsFalse(after) ? Low : High,
        "idempotentHint" => Low,
        _ => High,
    };

    /// <summary>True for what a person or a model reads: the words of a schema, not the name of a property.</summary>
    private static bool IsText(IReadOnlyList<string> path, JsonElement? value) =>
        (!IsPropertyName(path) && path[^1] is "description" or "title") || value is { ValueKind: JsonValueKind.Object or JsonValueKind.Array };

    private static bool IsPropertyName(IReadOnlyList<string> path) => path.Count > 2 && path[^2] is "properties" or "$defs" or "definitions" or "patternProperties";

    private static bool IsSet(JsonElement? value) => value is { ValueKind: JsonValueKind.Array };

    private static bool IsTrue(JsonElement? value) => value is { ValueKind: JsonValueKind.True };

    private static bool IsFalse(JsonElement? value) => value is { ValueKind: JsonValueKind.False };
}
