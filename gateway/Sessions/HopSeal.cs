using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// What a replica tells the owner of a session about the client whose request it carries there: its address, sealed with AES-256-GCM for that session under the key that replicas
/// share, so that no client can tell it. Form: base64url( nonce 12 | ciphertext | tag 16 ).
/// </summary>
internal sealed class HopSeal(SessionKeys keys)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int MaxSealed = 256;

    public string Seal(string client, string session)
    {
        var plain = Encoding.UTF8.GetBytes(client);
        var box = new byte[NonceLength + plain.Length + TagLength];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceLength));
        using var aes = new AesGcm(keys.Current, TagLength);
        aes.Encrypt(box.AsSpan(0, NonceLength), plain, box.AsSpan(NonceLength, plain.Length), box.AsSpan(^TagLength..), PurposeOf(session));
        return Base64Url.EncodeToString(box);
    }

    /// <returns>Null for what no replica sealed for this session.</returns>
    public string? Open(string sealedClient, string session)
    {
        if (sealedClient.Length > MaxSealed || !Base64Url.IsValid(sealedClient, out var length) || length < NonceLength + TagLength)
        {
            return null;
        }

        var box = Base64Url.DecodeFromChars(sealedClient);
        return Open(keys.Current, box, session) ?? (keys.Previous is { } previous ? Open(previous, box, session) : null);
    }

    private static string? Open(byte[] key, ReadOnlySpan<byte> box, string session)
    {
        using var aes = new AesGcm(key, TagLength);
        var plain = new byte[box.Length - NonceLength - TagLength];
        try
        {
            aes.Decrypt(box[..NonceLength], box[NonceLength..^TagLength], box[^TagLength..], plain, PurposeOf(session));
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    // Binds it to this use of the key, and to the session: what was told of one client cannot be said of another.
    private static byte[] PurposeOf(string session) => Encoding.UTF8.GetBytes("mcpledger hop\n" + session);
}
