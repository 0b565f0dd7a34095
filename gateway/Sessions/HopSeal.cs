using System.Buffers.Text;
using System.Text;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// What a replica tells the owner of a session about the client whose request it carries there: its address, sealed for that session under the key that replicas share, so that
/// no client can tell it. Form: base64url( <see cref="SealedBox"/> ).
/// </summary>
internal sealed class HopSeal(SessionKeys keys)
{
    private const int MaxSealed = 256;

    public string Seal(string client, string session)
    {
        var plain = Encoding.UTF8.GetBytes(client);
        var box = new byte[plain.Length + SealedBox.Overhead];
        SealedBox.Seal(keys, plain, PurposeOf(session), box);
        return Base64Url.EncodeToString(box);
    }

    /// <returns>Null for what no replica sealed for this session.</returns>
    public string? Open(string sealedClient, string session) =>
        sealedClient.Length <= MaxSealed && Base64Url.IsValid(sealedClient, out var length) && length >= SealedBox.Overhead
        && SealedBox.Open(keys, Base64Url.DecodeFromChars(sealedClient), PurposeOf(session)) is { } plain
            ? Encoding.UTF8.GetString(plain)
            : null;

    // Binds it to this use of the key, and to the session: what was told of one client cannot be said of another.
    private static byte[] PurposeOf(string session) => Encoding.UTF8.GetBytes("mcpledger hop\n" + session);
}
