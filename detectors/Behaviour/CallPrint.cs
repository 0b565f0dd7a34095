using System.Numerics;
using System.Text.Json;

namespace McpLedger.Detectors.Behaviour;

/// <summary>What is kept of a call's arguments: whether another is the same, or nearly.</summary>
/// <param name="Exact">Equal for the same tool with the same values under the same names, members in whatever order; elements of arrays are what they are by their place.</param>
/// <param name="Shape">Equal also when values differ in numbers, letter case or spaces only.</param>
/// <param name="Similarity">64-bit SimHash over words: near values differ in few bits.</param>
/// <param name="Words">Words that the SimHash is made of; of few words it says nothing.</param>
internal readonly record struct CallPrint(ulong Exact, ulong Shape, ulong Similarity, int Words)
{
    private const int MaxBytes = 64 * 1024;
    private const int MaxDepth = 64;
    private const int EnoughWords = 8;
    private const int NearBits = 5;
    private const int ShortNumber = 3;

    /// <summary>Whether this asks for nearly the same.</summary>
    public bool IsNear(in CallPrint other) =>
        Shape == other.Shape || (Words >= EnoughWords && other.Words >= EnoughWords && BitOperations.PopCount(Similarity ^ other.Similarity) <= NearBits);

    /// <summary>The print of a call.</summary>
    /// <param name="tool">Hash of server and tool.</param>
    /// <param name="call">The call.</param>
    public static CallPrint Of(ulong tool, scoped in ObservedCall call) => call.Unread.Size > 0 ? Opaque(tool, call.Unread.Print) : Of(tool, call.Arguments);

    /// <summary>The print of a call whose arguments are there. Arguments beyond 64 KiB, and what is no JSON, count as bytes.</summary>
    /// <param name="tool">Hash of server and tool.</param>
    /// <param name="arguments">The arguments as JSON; empty for none.</param>
    public static CallPrint Of(ulong tool, ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length > MaxBytes)
        {
            return Opaque(tool, Hashing.Of(arguments));
        }

        Span<int> bits = stackalloc int[64];
        Span<ulong> path = stackalloc ulong[MaxDepth + 1];

        // How many elements of the array at that depth were read; negative where it is no array.
        Span<int> elements = stackalloc int[MaxDepth + 1];
        elements[0] = -1;
        var (exact, shape, words) = (0UL, 0UL, 0);
        try
        {
            var reader = new Utf8JsonReader(arguments, new() { MaxDepth = MaxDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            while (!arguments.IsEmpty && reader.Read())
            {
                var depth = reader.CurrentDepth;
                if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray) && elements[depth] >= 0)
                {
                    path[depth] = Hashing.Mix(path[depth - 1], (ulong)++elements[depth]);
                }

                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        path[depth] = Hashing.Mix(path[depth - 1], Hashing.Of(reader.ValueSpan));
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        elements[depth + 1] = reader.TokenType == JsonTokenType.StartArray ? 0 : -1;
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        break;
                    default:
                        // Sums do not care for the order of members.
                        var at = path[depth];
                        exact += Hashing.Mix(at, Hashing.Of(reader.ValueSpan));
                        shape += Hashing.Mix(at, ShapeOf(reader.ValueSpan, reader.TokenType == JsonTokenType.Number, bits, ref words));
                        break;
                }
            }
        }
        catch (JsonException)
        {
            return Opaque(tool, Hashing.Of(arguments));
        }

        return new(Hashing.Mix(tool, exact), Hashing.Mix(tool, shape), Fold(bits) ^ tool, words);
    }

    private static CallPrint Opaque(ulong tool, ulong arguments)
    {
        var hash = Hashing.Mix(tool, arguments);
        return new(hash, hash, hash, 0);
    }

    // Numbers and short runs of digits are one digit, letters lose their case, and what stands between words is not looked at. A long run of digits in a text is somebody's id: another one is another thing.
    private static ulong ShapeOf(ReadOnlySpan<byte> value, bool isNumber, Span<int> bits, ref int words)
    {
        var (shape, word, number, digits) = (0UL, 0UL, 0UL, 0);
        for (var i = 0; i <= value.Length; i++)
        {
            var each = i < value.Length ? value[i] : (byte)' ';
            if (each is >= (byte)'0' and <= (byte)'9')
            {
                (number, digits) = (Hashing.Mix(number, each), digits + 1);
                continue;
            }

            if (digits > 0)
            {
                word = Hashing.Mix(word, isNumber || digits <= ShortNumber ? '0' : number);
                (number, digits) = (0, 0);
            }

            if (each >= 0x80 || char.IsAsciiLetter((char)each))
            {
                word = Hashing.Mix(word, (ulong)(each | 0x20));
            }
            else if (word != 0)
            {
                Count(word, bits, ref words);
                (shape, word) = (Hashing.Mix(shape, word), 0);
            }
        }

        return shape;
    }

    private static void Count(ulong word, Span<int> bits, ref int words)
    {
        words++;
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] += ((word >> i) & 1) == 0 ? -1 : 1;
        }
    }

    private static ulong Fold(ReadOnlySpan<int> bits)
    {
        var folded = 0UL;
        for (var i = 0; i < bits.Length; i++)
        {
            folded |= bits[i] > 0 ? 1UL << i : 0;
        }

        return folded;
    }
}
