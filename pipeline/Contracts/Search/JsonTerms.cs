using System.Buffers;
using System.Text;
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
        catch (JsonException)
        {
            // Recorded bytes need not be JSON. What they say up to the fault is searched, and nothing is lost: the event holds them.
        }
    }

    // Every message has these; they are fields of the search document already.
    private static bool IsEnvelope(ref Utf8JsonReader json) => json.ValueSpan.SequenceEqual("jsonrpc"u8) || json.ValueSpan.SequenceEqual("id"u8) || json.ValueSpan.SequenceEqual("method"u8);

    private static void AppendString(ref Utf8JsonReader json, TermList terms)
    {
        var characters = ArrayPool<char>.Shared.Rent(json.ValueSpan.Length + 1);
        try
        {
            SearchTerms.Append(characters.AsSpan(0, Copy(ref json, characters)), terms);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    private static int Copy(ref Utf8JsonReader json, char[] characters)
    {
        try
        {
            return json.TokenType == JsonTokenType.Number ? Encoding.UTF8.GetChars(json.ValueSpan, characters) : json.CopyString(characters);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or bytes that are no UTF-8: the string is read as it was written, so that one such sign hides nothing else.
            return Encoding.UTF8.GetChars(json.ValueSpan, characters);
        }
    }
}
