using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>
/// Text as PostgreSQL can keep it. It refuses NUL, and indexes no value beyond a third of a page; names and sessions come from strangers and hold what they like.
/// Order is kept: NUL becomes 01 01 and 01 becomes 01 02.
/// </summary>
internal static class StorableText
{
    /// <summary>Longest value of an indexed column, UTF-16 units.</summary>
    public const int Longest = 200;

    private const int Kept = 130;
    private static readonly SearchValues<char> Special = SearchValues.Create('\0', '\u0001');
    private static readonly byte[][] Written = [@"\u0000"u8.ToArray(), @"\u0001"u8.ToArray()];

    /// <summary>A key or column of that text: itself, or its beginning and its digest when it is too long for an index.</summary>
    public static string Key(string text)
    {
        var whole = text.AsSpan().ContainsAny(Special) ? text.Replace("\u0001", "\u0001\u0002", StringComparison.Ordinal).Replace("\0", "\u0001\u0001", StringComparison.Ordinal) : text;
        if (whole.Length <= Longest)
        {
            return whole;
        }

        var end = char.IsHighSurrogate(whole[Kept - 1]) ? Kept - 1 : Kept;
        return $"{whole[..end]}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
    }

    /// <summary>Whether a text may be what <see cref="Key"/> makes.</summary>
    public static bool IsKey(string text) => text.Length <= Longest && !text.Contains('\0', StringComparison.Ordinal);

    /// <summary>The key of that text, or nothing.</summary>
    public static string? KeyOrNull(string? text) => text is null ? null : Key(text);

    /// <summary>JSON as jsonb takes it.</summary>
    public static byte[] ToJsonb(byte[] json) => IsPlain(json) ? json : Rewrite(json, (sign, _) => sign == 0 ? @"\u0001\u0001" : @"\u0001\u0002", signLength: 1);

    /// <summary>JSON as it was before <see cref="ToJsonb"/>.</summary>
    public static ReadOnlySpan<byte> FromJsonb(ReadOnlySpan<byte> json) => IsPlain(json) ? json : Rewrite(json, (_, second) => second == 1 ? @"\u0000" : @"\u0001", signLength: 2);

    private static bool IsPlain(ReadOnlySpan<byte> json) => json.IndexOf(Written[0]) < 0 && json.IndexOf(Written[1]) < 0;

    // Escapes only: a backslash that is itself escaped begins none.
    private static byte[] Rewrite(ReadOnlySpan<byte> json, Func<int, int, string> sign, int signLength)
    {
        var rewritten = new ArrayBufferWriter<byte>(json.Length + 64);
        for (var at = 0; at < json.Length;)
        {
            if (json[at] != '\\')
            {
                var plain = json[at..].IndexOf((byte)'\\') is var next and >= 0 ? next : json.Length - at;
                rewritten.Write(json.Slice(at, plain));
                at += plain;
            }
            else if (SignAt(json[at..]) is var first and >= 0)
            {
                var second = signLength == 2 && SecondAt(json[(at + Written[0].Length)..]) is var found ? found : 0;
                rewritten.Write(Encoding.ASCII.GetBytes(sign(first, second)));
                at += Written[0].Length * signLength;
            }
            else
            {
                rewritten.Write(json.Slice(at, 2));
                at += 2;
            }
        }

        return rewritten.WrittenSpan.ToArray();
    }

    private static int SignAt(ReadOnlySpan<byte> json) => json.StartsWith(Written[0]) ? 0 : json.StartsWith(Written[1]) ? 1 : -1;

    private static int SecondAt(ReadOnlySpan<byte> json) => json.StartsWith(Written[1]) ? 1 : 2;
}
