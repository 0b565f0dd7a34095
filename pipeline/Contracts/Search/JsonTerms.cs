using System.Buffers;
using System.Text.Json;

namespace McpLedger.Contracts.Search;

/// <summary>Makes terms of what a JSON value says: the names of its members, its strings and its whole numbers, in order.</summary>
public static class JsonTerms
{
    private const int Deepest = 256;
    private const int MostDigits = 19;

    /// <summary>Adds the terms of <paramref name="utf8"/>. Bytes that are no JSON give the terms of what could be read before the fault.</summary>
    public static void Append(ReadOnlySpan<byte> utf8, TermList terms)
    {
        var json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = Deepest });
        try
        {
            while (!terms.Cut && json.Read())
            {
                switch (json.TokenType)
                {
                    case JsonTokenType.PropertyName when json.CurrentDepth == 1 && IsEnvelope(ref json):
                        json.Read();
                        json.Skip();
                        break;
                    case JsonTokenType.PropertyName or JsonTokenType.String:
                        AppendString(ref json, terms);
                        break;
                    case JsonTokenType.Number when json.ValueSpan.Length <= MostDigits && !json.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E'):
                        AppendString(ref json, terms);
                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Recorded bytes need not be JSON. What they say up to the fault is searched, and nothing is lost: the event holds them.
        }
    }

    // Every message has these; they are fields of the search document already.
    private static bool IsEnvelope(ref Utf8JsonReader json) => json.ValueTextEquals("jsonrpc"u8) || json.ValueTextEquals("id"u8) || json.ValueTextEquals("method"u8);

    private static void AppendString(ref Utf8JsonReader json, TermList terms)
    {
        var characters = ArrayPool<char>.Shared.Rent(json.ValueSpan.Length + 1);
        try
        {
            var length = json.TokenType == JsonTokenType.Number
                ? System.Text.Encoding.ASCII.GetChars(json.ValueSpan, characters)
                : json.CopyString(characters);
            SearchTerms.Append(characters.AsSpan(0, length), terms);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }
}
