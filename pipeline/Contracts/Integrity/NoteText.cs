using System.Buffers;

namespace McpLedger.Contracts.Integrity;

/// <summary>What notes, checkpoints and proofs share in how they are written.</summary>
internal static class NoteText
{
    private static readonly SearchValues<char> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    /// <summary>Reads standard Base64 (RFC 4648 §4) with padding and nothing else: the framework's reader would skip white space.</summary>
    public static byte[]? FromBase64(ReadOnlySpan<char> text)
    {
        var bytes = new byte[(text.Length / 4 * 3) + 3];
        return !text.ContainsAnyExcept(Base64) && Convert.TryFromBase64Chars(text, bytes, out var written) ? bytes[..written] : null;
    }

    /// <summary>Reads the Base64 of one SHA-256 digest, in the one way that <see cref="Convert.ToBase64String(byte[])"/> writes it.</summary>
    public static bool TryDigest(ReadOnlySpan<char> text, out Digest digest)
    {
        var bytes = text.Length == 44 ? FromBase64(text) : null;
        var read = bytes is { Length: Digest.Size } && text.SequenceEqual(Convert.ToBase64String(bytes));
        digest = read ? Digest.FromBytes(bytes) : default;
        return read;
    }

    /// <summary>Reads a decimal number without sign and without leading zeros.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number) && (text.Length == 1 || text[0] != '0');
}
