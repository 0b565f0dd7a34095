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
    public static void Append(ReadOnlySpan<byte> utf8, TermList terms) => TryAppend(utf8, isWhole: true, terms, out _);

    /// <summary>The same, and says whether the bytes are JSON, as far as there was room for their terms.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <param name="isWhole">False for the beginning of a value whose rest is not at hand: the string in which it ends is read as far as it goes.</param>
    /// <param name="terms">Gets the terms.</param>
    /// <param name="read">How many bytes were read, where those that follow are no JSON.</param>
    internal static bool TryAppend(ReadOnlySpan<byte> utf8, bool isWhole, TermList terms, out int read)
    {
        var json = new Utf8JsonReader(utf8, isWhole, new(new() { MaxDepth = Deepest }));
        try
        {
            while (!terms.Cut && json.Read())
            {
                switch (json.TokenType)
                {
                    case JsonTokenType.PropertyName when json.CurrentDepth == 1 && IsEnvelope(ref json):
                        json.TrySkip();
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
            read = (int)json.BytesConsumed;
            return false;
        }

        read = (int)json.BytesConsumed;
        if (!isWhole && !terms.Cut)
        {
            AppendBroken(utf8[read..].TrimStart(" \t\r\n,:"u8), terms);
        }

        return true;
    }

    private static void AppendBroken(ReadOnlySpan<byte> rest, TermList terms)
    {
        if (rest.IsEmpty || rest[0] != '"')
        {
            return;
        }

        var end = 1;
        while (end < rest.Length && rest[end] != '"' && end + LengthAt(rest[end..]) <= rest.Length)
        {
            end += LengthAt(rest[end..]);
        }

        if (Rune.DecodeLastFromUtf8(rest[1..end], out _, out var broken) != OperationStatus.Done)
        {
            end -= broken;
        }

        Append([.. rest[..end], (byte)'"'], terms);
    }

    private static int LengthAt(ReadOnlySpan<byte> text) => text[0] != '\\' ? 1 : text.Length > 1 && text[1] == 'u' ? 6 : 2;

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
