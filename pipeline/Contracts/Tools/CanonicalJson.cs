using System.Globalization;
using System.Text;
using System.Text.Json;

namespace McpLedger.Contracts.Tools;

/// <summary>JSON in its one canonical form (RFC 8785): members in the order of their UTF-16 code units, numbers as ECMAScript writes doubles, no white space.</summary>
public static class CanonicalJson
{
    internal const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <summary>Writes the canonical form of one JSON value.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="canonical">The canonical form; empty when there is none.</param>
    /// <returns>False for what has no canonical form (I-JSON, RFC 7493): no JSON, a name that stands twice, half a surrogate pair, a number beyond a double, over 64 levels.</returns>
    public static bool TryWrite(ReadOnlyMemory<byte> json, out byte[] canonical)
    {
        canonical = [];
        if (!TryParse(json, out var document))
        {
            return false;
        }

        using (document)
        {
            return TryWrite(document!.RootElement, out canonical);
        }
    }

    internal static bool TryParse(ReadOnlyMemory<byte> json, out JsonDocument? document)
    {
        try
        {
            document = JsonDocument.Parse(json, Strict);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            document = null;
            return false;
        }
    }

    internal static bool TryWrite(JsonElement value, out byte[] canonical)
    {
        var text = new StringBuilder();
        var written = Append(value, text);
        canonical = written ? Encoding.UTF8.GetBytes(text.ToString()) : [];
        return written;
    }

    /// <summary>A double as ECMAScript writes it (ECMA-262, Number::toString).</summary>
    internal static string Number(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        var (digits, exponent) = Shortest(Math.Abs(value));
        var text = exponent switch
        {
            > 0 and <= 21 when digits.Length <= exponent => digits.PadRight(exponent, '0'),
            > 0 and <= 21 => $"{digits[..exponent]}.{digits[exponent..]}",
            > -6 and <= 0 => $"0.{new string('0', -exponent)}{digits}",
            _ => Scientific(digits, exponent - 1),
        };
        return value < 0 ? $"-{text}" : text;
    }

    private static string Scientific(string digits, int power) => string.Create(
        CultureInfo.InvariantCulture,
        $"{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(power < 0 ? '-' : '+')}{Math.Abs(power)}");

    /// <summary>The fewest digits that read back as the value, and where the decimal point stands: value = 0.digits × 10^exponent.</summary>
    private static (string Digits, int Exponent) Shortest(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        var power = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = mark < 0 ? text : text[..mark];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa.Length : point;
        var digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), whole - leading + power);
    }

    private static bool Append(JsonElement value, StringBuilder to)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return AppendObject(value, to);
            case JsonValueKind.Array:
                return AppendArray(value, to);
            case JsonValueKind.String:
                return TryText(value, out var text) && AppendString(text, to);
            case JsonValueKind.Number:
                if (!value.TryGetDouble(out var number) || !double.IsFinite(number))
                {
                    return false;
                }

                to.Append(Number(number));
                return true;
            default:
                to.Append(value.GetRawText());
                return true;
        }
    }

    private static bool AppendObject(JsonElement value, StringBuilder to)
    {
        var members = new List<(string Name, JsonElement Value)>();
        foreach (var member in value.EnumerateObject())
        {
            if (!TryName(member, out var name))
            {
                return false;
            }

            members.Add((name, member.Value));
        }

        members.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        to.Append('{');
        for (var i = 0; i < members.Count; i++)
        {
            to.Append(i > 0 ? "," : "");
            AppendString(members[i].Name, to);
            to.Append(':');
            if (!Append(members[i].Value, to))
            {
                return false;
            }
        }

        to.Append('}');
        return true;
    }

    private static bool AppendArray(JsonElement value, StringBuilder to)
    {
        var first = true;
        to.Append('[');
        foreach (var item in value.EnumerateArray())
        {
            to.Append(first ? "" : ",");
            first = false;
            if (!Append(item, to))
            {
                return false;
            }
        }

        to.Append(']');
        return true;
    }

    private static bool AppendString(string text, StringBuilder to)
    {
        to.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => to.Append("\\\""),
                '\\' => to.Append("\\\\"),
                '\b' => to.Append("\\b"),
                '\t' => to.Append("\\t"),
                '\n' => to.Append("\\n"),
                '\f' => to.Append("\\f"),
                '\r' => to.Append("\\r"),
                < ' ' => to.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => to.Append(c),
            };
        }

        to.Append('"');
        return true;
    }

    private static bool TryText(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    private static bool TryName(JsonProperty member, out string name)
    {
        try
        {
            name = member.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = "";
            return false;
        }
    }
}
