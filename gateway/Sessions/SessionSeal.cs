using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// Session ids that clients see: sealed claims, so that replicas that share a key need no store, nobody can make or alter one,
/// and the upstream's own id stays with us. Form: base64url( version | <see cref="SealedBox"/> ), which is visible ASCII as MCP demands.
/// </summary>
internal sealed class SessionSeal(SessionKeys keys)
{
    /// <summary>Longest upstream session id that is taken, bytes of UTF-8.</summary>
    public const int MaxUpstreamSession = 2048;

    /// <summary>Longest sealed id, characters: a header that HTTP servers and clients take.</summary>
    public const int MaxSealed = 3072;

    private const byte Version = 2;
    private const byte SharedNameVersion = 1;
    private const int PrincipalLength = 32;
    private const int MaxClaims = (MaxSealed / 4 * 3) - 1 - SealedBox.Overhead;

    // Binds ciphertexts to this purpose: another use of the same key file cannot be passed off as a session id.
    private static readonly byte[] Purpose = [.. "mcpledger session id"u8, Version];
    private static readonly byte[] SharedNamePurpose = [.. "mcpledger session id"u8, SharedNameVersion];

    /// <summary>Seals <paramref name="claims"/>; false with the reason when they are too long for a session id.</summary>
    public bool TrySeal(SessionClaims claims, out string sealedId, out string? fault)
    {
        sealedId = "";
        if (Encoding.UTF8.GetByteCount(claims.UpstreamSession) > MaxUpstreamSession)
        {
            fault = $"The upstream's session id is longer than {MaxUpstreamSession} bytes.";
            return false;
        }

        Span<byte> plain = new byte[MaxClaims];
        if (!TryWrite(claims, plain, out var length))
        {
            fault = $"Server, destination and instance names and the upstream's session id do not fit a session id of {MaxSealed} characters together.";
            return false;
        }

        var box = new byte[1 + length + SealedBox.Overhead];
        box[0] = claims.HasSharedName ? SharedNameVersion : Version;
        SealedBox.Seal(keys, plain[..length], PurposeOf(box[0]), box.AsSpan(1));
        sealedId = Base64Url.EncodeToString(box);
        fault = null;
        return true;
    }

    /// <summary>Opens an id that <paramref name="principal"/> sent. Claims are given only when it is theirs.</summary>
    public SessionOpening Open(string sealedId, string principal, out SessionClaims? claims)
    {
        claims = null;
        if (sealedId.Length > MaxSealed || !Base64Url.IsValid(sealedId, out var boxLength) || boxLength < 1 + SealedBox.Overhead)
        {
            return SessionOpening.Unreadable;
        }

        var box = Base64Url.DecodeFromChars(sealedId);

        // Base64 with spare bits or white space inside has several spellings of the same bytes; only the one we wrote is ours.
        if (box[0] is not (Version or SharedNameVersion) || Base64Url.EncodeToString(box) != sealedId
            || SealedBox.Open(keys, box.AsSpan(1), PurposeOf(box[0])) is not { } plain
            || !TryRead(plain, principal, out claims, out var bound))
        {
            return SessionOpening.Unreadable;
        }

        if (!CryptographicOperations.FixedTimeEquals(bound, Binding(principal)))
        {
            claims = null;
            return SessionOpening.OtherPrincipal;
        }

        claims = claims! with { HasSharedName = box[0] == SharedNameVersion };
        return SessionOpening.Opened;
    }

    private static byte[] PurposeOf(byte version) => version == SharedNameVersion ? SharedNamePurpose : Purpose;

    private static byte[] Binding(string principal) => SHA256.HashData(Encoding.UTF8.GetBytes(principal));

    private static bool TryWrite(SessionClaims claims, Span<byte> to, out int length)
    {
        Binding(claims.Principal).CopyTo(to);
        length = PrincipalLength;
        return TryWrite(claims.Server, to, ref length)
            && TryWrite(claims.UpstreamSession, to, ref length)
            && TryWrite(claims.Owner, to, ref length)
            && (claims.Destination is not { } destination || (TryWrite(destination, to, ref length) && TryWrite(claims.Address ?? "", to, ref length)));
    }

    private static bool TryWrite(string text, Span<byte> to, ref int length)
    {
        if (length + 2 > to.Length || !Encoding.UTF8.TryGetBytes(text, to[(length + 2)..], out var written))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt16BigEndian(to[length..], (ushort)written);
        length += 2 + written;
        return true;
    }

    private static bool TryRead(ReadOnlySpan<byte> plain, string principal, out SessionClaims? claims, out ReadOnlySpan<byte> bound)
    {
        claims = null;
        bound = default;
        if (plain.Length < PrincipalLength)
        {
            return false;
        }

        bound = plain[..PrincipalLength];
        var rest = plain[PrincipalLength..];
        string? destination = null;
        string? address = null;
        if (!TryRead(ref rest, out var server) || !TryRead(ref rest, out var upstream) || !TryRead(ref rest, out var owner)
            || (!rest.IsEmpty && !(TryRead(ref rest, out destination) && TryRead(ref rest, out address))) || !rest.IsEmpty)
        {
            return false;
        }

        claims = new(server!, upstream!, destination, address, owner!, principal);
        return true;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> rest, out string? text)
    {
        text = null;
        if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) is var length && rest.Length < 2 + length)
        {
            return false;
        }

        text = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return true;
    }
}
