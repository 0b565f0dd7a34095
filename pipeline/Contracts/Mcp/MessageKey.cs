using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>A JSON-RPC id or progress token, compared by its type and value and not by its spelling: <c>1</c> is not <c>"1"</c>, <c>"a"</c> is <c>"\u0061"</c>.</summary>
/// <param name="IsText">Whether it is a string, and no number.</param>
/// <param name="Value">The string, or the number as it is written shortest.</param>
public readonly record struct MessageKey(bool IsText, string Value)
{
    /// <summary>Whether two ids are one.</summary>
    public static bool AreSame(RawJson? one, RawJson? other) =>
        one is { } a && other is { } b && (a.Utf8.Span.SequenceEqual(b.Utf8.Span) || (From(a) is { } left && left == From(b)));

    /// <summary>The key of an id or token; null for none, and for a string that holds half a surrogate pair and so stands for no text.</summary>
    public static MessageKey? From(RawJson? raw) => raw is { } value && !value.Utf8.IsEmpty ? From(value.Utf8.Span) : null;

    /// <summary>As JSON, in one spelling.</summary>
    public override string ToString() => IsText ? $"\"{JsonEncodedText.Encode(Value)}\"" : Value;

    private static MessageKey? From(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        if (!reader.Read())
        {
            return null;
        }

        return reader.TokenType switch
        {
            JsonTokenType.String => JsonText.Read(reader.ValueSpan) is { } text ? new(IsText: true, text) : null,
            JsonTokenType.Number when reader.TryGetInt64(out var whole) => new(IsText: false, whole.ToString(CultureInfo.InvariantCulture)),
            JsonTokenType.Number => new(IsText: false, reader.GetDouble().ToString("R", CultureInfo.InvariantCulture)),
            _ => null,
        };
    }
}
