using System.Text.Json;

namespace McpLedger.Detectors.Behaviour;

/// <summary>Words that can lead from one text into another: at least six characters between spaces, quotes and brackets, such as addresses, names, numbers of accounts.</summary>
internal static class Words
{
    /// <summary>Shortest word that says where something came from.</summary>
    public const int Shortest = 6;

    private const int MaxBytes = 256 * 1024;

    /// <summary>Calls <paramref name="word"/> with the hash of each.</summary>
    public static void Of<TState>(ReadOnlySpan<byte> utf8, TState state, Action<TState, ulong> word)
    {
        utf8 = utf8[..Math.Min(utf8.Length, MaxBytes)];
        var start = 0;
        for (var i = 0; i <= utf8.Length; i++)
        {
            // A backslash before a letter is JSON's: what it stands for separates as well.
            if (i < utf8.Length && !Separates(utf8[i]))
            {
                continue;
            }

            Hand(utf8[start..i], state, word);
            start = i + 1;
            if (i + 1 < utf8.Length && utf8[i] == '\\')
            {
                start = i + 2;
                i++;
            }
        }
    }

    /// <summary>Calls <paramref name="leaf"/> with each string or number of a JSON value; false when it is no JSON.</summary>
    public static bool Leaves<TState>(ReadOnlySpan<byte> json, TState state, LeafReader<TState> leaf)
    {
        try
        {
            var reader = new Utf8JsonReader(json[..Math.Min(json.Length, MaxBytes)], isFinalBlock: json.Length <= MaxBytes, default);
            while (!json.IsEmpty && reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
                {
                    leaf(state, reader.ValueSpan);
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Hand<TState>(ReadOnlySpan<byte> word, TState state, Action<TState, ulong> hand)
    {
        word = word.Trim(".,:;!?-_/'"u8);
        if (word.Length >= Shortest)
        {
            Span<byte> lower = stackalloc byte[Math.Min(word.Length, 128)];
            for (var i = 0; i < lower.Length; i++)
            {
                lower[i] = word[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(word[i] | 0x20) : word[i];
            }

            hand(state, Hashing.Of(lower));
        }
    }

    private static bool Separates(byte each) => each <= ' ' || each is (byte)'"' or (byte)'\'' or (byte)'\\' or (byte)',' or (byte)';' or (byte)'<' or (byte)'>' or (byte)'(' or (byte)')'
        or (byte)'[' or (byte)']' or (byte)'{' or (byte)'}' or (byte)'|' or (byte)'=' or (byte)'&' or (byte)'`' or (byte)'*';
}

/// <summary>Takes one leaf of a JSON value, as it is written.</summary>
internal delegate void LeafReader<in TState>(TState state, ReadOnlySpan<byte> leaf);
