using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Answers;

/// <summary>Whether two JSON-RPC ids are one: <c>7</c> and <c>"7"</c> are two; <c>"a"</c> and <c>"\u0061"</c> are one.</summary>
internal static class JsonRpcIds
{
    public static bool AreSame(RawJson? one, RawJson? other)
    {
        if (one is not { } a || other is not { } b)
        {
            return false;
        }

        var left = a.Utf8.Span;
        var right = b.Utf8.Span;
        return left.SequenceEqual(right) || (left[0] == '"' && right[0] == '"' && string.Equals(Text(left), Text(right), StringComparison.Ordinal));
    }

    private static string? Text(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.GetString();
    }
}
