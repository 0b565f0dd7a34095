using System.Security.Cryptography;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// Bytes sealed with AES-256-GCM under the key that replicas share: nonce 12 | ciphertext | tag 16. Each use names its own purpose as associated data: what is sealed for one cannot be
/// passed off as another's.
/// </summary>
internal static class SealedBox
{
    /// <summary>Bytes that a box is longer than what is in it.</summary>
    public const int Overhead = NonceLength + TagLength;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Seals under the present key.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="plain">What to seal.</param>
    /// <param name="purpose">What it is for.</param>
    /// <param name="box">Where it goes; <see cref="Overhead"/> longer than <paramref name="plain"/>.</param>
    public static void Seal(SessionKeys keys, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> purpose, Span<byte> box)
    {
        RandomNumberGenerator.Fill(box[..NonceLength]);
        using var aes = new AesGcm(keys.Current, TagLength);
        aes.Encrypt(box[..NonceLength], plain, box[NonceLength..^TagLength], box[^TagLength..], purpose);
    }

    /// <summary>Opens what was sealed under the present key or the one before.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="box">At least <see cref="Overhead"/> bytes.</param>
    /// <param name="purpose">What it is for.</param>
    /// <returns>Null for what was not sealed for this.</returns>
    public static byte[]? Open(SessionKeys keys, ReadOnlySpan<byte> box, ReadOnlySpan<byte> purpose) =>
        Open(keys.Current, box, purpose) ?? (keys.Previous is { } previous ? Open(previous, box, purpose) : null);

    private static byte[]? Open(byte[] key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> purpose)
    {
        using var aes = new AesGcm(key, TagLength);
        var plain = new byte[box.Length - Overhead];
        try
        {
            aes.Decrypt(box[..NonceLength], box[NonceLength..^TagLength], box[^TagLength..], plain, purpose);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
