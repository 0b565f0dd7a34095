using System.Buffers;
using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tools;

/// <summary>An argument that a call's header <c>Mcp-Param-{Header}</c> mirrors.</summary>
/// <param name="Header">Value of <c>x-mcp-header</c>.</param>
/// <param name="Path">Names from the arguments down to the value.</param>
public sealed record ParameterMark(string Header, IReadOnlyList<string> Path);

/// <summary>
/// The <c>Mcp-Param-*</c> headers of 2026-07-28 (SEP-2243): which there must be is what a tool's schema marks with <c>x-mcp-header</c>. Who decides by the
/// arguments must hold the headers to them, since others route by the headers.
/// </summary>
public static class ParameterMarks
{
    /// <summary>What stands before the name of such a header.</summary>
    public const string Prefix = "Mcp-Param-";

    private const string Mark = "x-mcp-header";
    private const int DeepestSchema = 16;
    private const int MostMarks = 64;

    /// <summary>Largest whole number that every reader of JSON holds exactly (2^53 − 1).</summary>
    private const double LargestExact = 9_007_199_254_740_991;

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>The marks of a tool.</summary>
    /// <param name="tool">The tool object as its server lists it.</param>
    /// <returns>None when any breaks the rules for marks: clients drop such a tool, and whoever calls it all the same can know no header.</returns>
    public static IReadOnlyList<ParameterMark> Of(ReadOnlyMemory<byte> tool)
    {
        if (tool.Span.IndexOf("x-mcp-header"u8) < 0 && tool.Span.IndexOf("\\u"u8) < 0)
        {
            return [];
        }

        using var document = JsonDocument.Parse(tool, Deep);
        var found = new List<ParameterMark>();
        return document.RootElement.TryGetProperty("inputSchema", out var schema) && TryCollect(schema, [], found)
            && found.DistinctBy(m => m.Header, StringComparer.OrdinalIgnoreCase).Count() == found.Count ? found : [];
    }

    /// <summary>Holds the headers of a call to its arguments.</summary>
    /// <param name="marks">The called tool's.</param>
    /// <param name="call">The call.</param>
    /// <param name="headers">Every value of a header, by its whole name.</param>
    /// <returns>Null when they agree. Headers that no mark speaks of are not looked at.</returns>
    public static McpFault? Check(IReadOnlyList<ParameterMark> marks, in McpMessage call, Func<string, IReadOnlyList<string?>> headers)
    {
        if (marks.Count == 0)
        {
            return null;
        }

        using var document = call.Arguments.IsEmpty ? null : JsonDocument.Parse(call.Arguments, Deep);
        foreach (var mark in marks)
        {
            if (FaultOf(mark, document is null ? null : At(document.RootElement, mark.Path), headers(Prefix + mark.Header)) is { } fault)
            {
                return new(400, McpErrors.HeaderMismatch, fault, call.Id);
            }
        }

        return null;
    }

    /// <summary>The headers that a call needs, encoded.</summary>
    public static IEnumerable<(string Name, string Value)> Write(IReadOnlyList<ParameterMark> marks, McpMessage call)
    {
        if (marks.Count == 0 || call.Arguments.IsEmpty)
        {
            yield break;
        }

        using var document = JsonDocument.Parse(call.Arguments, Deep);
        foreach (var mark in marks)
        {
            if (At(document.RootElement, mark.Path) is { } value && TextOf(value) is { } text)
            {
                yield return (Prefix + mark.Header, McpHeaderValue.Encode(text));
            }
        }
    }

    private static string? FaultOf(ParameterMark mark, JsonElement? value, IReadOnlyList<string?> given)
    {
        var name = Prefix + mark.Header;
        var member = $"params.arguments.{string.Join('.', mark.Path)}";
        if (given.Count > 1)
        {
            return $"The header {name} came more than once. Send it once.";
        }

        var hasValue = value is { ValueKind: not JsonValueKind.Null };
        if (given.Count == 0)
        {
            // A value that no header can carry is for the server to judge.
            return hasValue && TextOf(value!.Value) is not null ? $"The header {name} is missing. Send it with the value of \"{member}\"." : null;
        }

        if (!hasValue)
        {
            return $"The header {name} came, and \"{member}\" has no value. Leave the header out, or give the argument.";
        }

        return !McpHeaderValue.TryDecode((given[0] ?? "").Trim(' ', '\t'), out var text)
            ? $"The header {name} is no header value of the protocol. Visible ASCII stands as it is; encode everything else as =?base64?…?= around UTF-8."
            : Says(text, value!.Value) ? null
            : $"The header {name} is not \"{member}\" of the body. Make them equal, letter case included.";
    }

    private static bool Says(string text, JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? text == value.GetRawText() || (Exact(text) is { } header && Exact(value.GetRawText()) is { } argument && header.Equals(argument))
        : text == TextOf(value);

    // Whole numbers are compared as numbers: 42, 42.0 and 4.2e1 are one. What a double does not hold exactly is compared letter by letter.
    private static double? Exact(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
        && Math.Abs(number) <= LargestExact && double.IsInteger(number) ? number : null;

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => TextOfString(value),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    // Half a surrogate pair has no UTF-8, so no header can say it.
    private static string? TextOfString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool TryCollect(JsonElement schema, string[] path, List<ParameterMark> found)
    {
        if (path.Length > DeepestSchema || schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
        {
            return true;
        }

        foreach (var property in properties.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object))
        {
            string[] inner = [.. path, property.Name];
            if (property.Value.TryGetProperty(Mark, out var mark))
            {
                if (found.Count == MostMarks || mark.ValueKind != JsonValueKind.String || TextOfString(mark) is not { Length: > 0 } header || header.AsSpan().ContainsAnyExcept(TokenCharacters))
                {
                    return false;
                }

                found.Add(new(header, inner));
            }

            if (!TryCollect(property.Value, inner, found))
            {
                return false;
            }
        }

        return true;
    }

    private static JsonElement? At(JsonElement value, IReadOnlyList<string> path)
    {
        foreach (var name in path)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return null;
            }
        }

        return value;
    }
}
