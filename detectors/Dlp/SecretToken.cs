using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>A secret whose issuer made it easy to recognise: a fixed beginning, an alphabet, a length, and perhaps a check.</summary>
internal sealed class SecretToken
{
    public const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    public const string Word = Alphanumeric + "_";
    public const string Url = Word + "-";
    public const string LowerHex = "0123456789abcdef";

    private readonly SearchValues<char> _alphabet;

    public SecretToken(string id, string prefix, string alphabet, int shortest, int longest, Func<ReadOnlySpan<char>, bool>? check = null)
    {
        (Rule, Prefix, Shortest, Longest, Check) = (new(id, DataClass.Secret, check is null ? DlpEvidence.Structure : DlpEvidence.Validated), prefix, shortest, longest, check);
        Alphabet = alphabet;
        _alphabet = SearchValues.Create(alphabet);
    }

    public DlpRule Rule { get; }

    /// <summary>What it begins with.</summary>
    public string Prefix { get; }

    /// <summary>What it is written in after that.</summary>
    public string Alphabet { get; }

    /// <summary>Fewest characters after the beginning.</summary>
    public int Shortest { get; }

    /// <summary>Most characters after the beginning; one more, and it is something else.</summary>
    public int Longest { get; }

    private Func<ReadOnlySpan<char>, bool>? Check { get; }

    /// <summary>The length of the token that begins at <paramref name="at"/>, where the beginning was seen; 0 when it is none.</summary>
    public int Length(ReadOnlySpan<char> text, int at)
    {
        if (!Borders.IsBefore(text, at) || (at > 0 && text[at - 1] == '_'))
        {
            return 0;
        }

        var rest = text[(at + Prefix.Length)..];
        var window = rest[..Math.Min(rest.Length, Longest + 1)];
        var length = window.IndexOfAnyExcept(_alphabet) is >= 0 and var end ? end : window.Length;

        // A full stop at the end is the sentence's.
        length -= length > 0 && window[length - 1] == '.' ? 1 : 0;
        var token = text.Slice(at, Prefix.Length + length);

        // Long random text has no runs and a mark of every sort; words and masks do not.
        return length >= Shortest && length <= Longest && (Check?.Invoke(token) ?? IsRandom(token[Prefix.Length..])) && !Placeholders.IsOne(token) ? token.Length : 0;
    }

    private static bool IsRandom(ReadOnlySpan<char> text) => Checksums.Entropy(text) > Math.Min(3.0, Math.Log2(text.Length) - 1.2);
}
