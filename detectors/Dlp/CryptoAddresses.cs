using System.Numerics;
using System.Security.Cryptography;

namespace McpLedger.Detectors.Dlp;

/// <summary>Wallets and their keys, by their own checksums.</summary>
internal static class CryptoAddresses
{
    public static readonly DlpRule Bitcoin = new("bitcoin-address", DataClass.CryptoAddress, DlpEvidence.Validated);
    public static readonly DlpRule BitcoinKey = new("bitcoin-private-key", DataClass.Secret, DlpEvidence.Validated);
    public static readonly DlpRule Ethereum = new("ethereum-address", DataClass.CryptoAddress, DlpEvidence.Validated);

    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const string Bech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

    private static readonly sbyte[] Base58Values = Values(Base58);
    private static readonly sbyte[] Bech32Values = Values(Bech32);

    /// <summary>The rule that a word of letters and digits meets; null when it meets none.</summary>
    public static DlpRule? Match(ReadOnlySpan<char> text, int start, int end)
    {
        var word = text[start..end];
        return word.Length switch
        {
            >= 26 and <= 35 when word[0] is '1' or '3' => IsBase58(word, 25, word[0] == '1' ? (byte)0 : (byte)5) ? Bitcoin : null,
            51 when word[0] == '5' => IsBase58(word, 37, 0x80) ? BitcoinKey : null,
            52 when word[0] is 'K' or 'L' => IsBase58(word, 38, 0x80) ? BitcoinKey : null,
            >= 42 and <= 62 when word.StartsWith("bc1") => IsBech32(word) ? Bitcoin : null,
            42 when word.StartsWith("0x") => IsEthereum(word[2..], Surroundings.Have(text, start, end, Surroundings.Wallet)) ? Ethereum : null,
            _ => null,
        };
    }

    private static bool IsBase58(ReadOnlySpan<char> word, int size, byte version)
    {
        Span<byte> bytes = stackalloc byte[40];
        bytes = bytes[..size];
        bytes.Clear();
        foreach (var c in word)
        {
            var carry = c < 128 ? Base58Values[c] : -1;
            if (carry < 0)
            {
                return false;
            }

            var rest = (int)carry;
            for (var i = size - 1; i >= 0; i--)
            {
                rest += 58 * bytes[i];
                bytes[i] = (byte)rest;
                rest >>= 8;
            }

            if (rest != 0)
            {
                return false;
            }
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..^4], hash);
        SHA256.HashData(hash, hash);
        return bytes[0] == version && hash[..4].SequenceEqual(bytes[^4..]);
    }

    private static bool IsBech32(ReadOnlySpan<char> word)
    {
        // The human-readable part "bc", spread as BIP 173 says.
        var check = 1u;
        foreach (var value in (ReadOnlySpan<byte>)[3, 3, 0, 2, 3])
        {
            check = Step(check, value);
        }

        foreach (var c in word[3..])
        {
            var value = c < 128 ? Bech32Values[c] : -1;
            if (value < 0)
            {
                return false;
            }

            check = Step(check, (byte)value);
        }

        return check is 1 or 0x2BC830A3;
    }

    private static uint Step(uint check, byte value)
    {
        ReadOnlySpan<uint> generators = [0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3];
        var top = check >> 25;
        check = ((check & 0x1FFFFFF) << 5) ^ value;
        for (var i = 0; i < 5; i++)
        {
            check ^= ((top >> i) & 1) == 1 ? generators[i] : 0;
        }

        return check;
    }

    /// <summary>The case of the letters is the checksum (EIP-55); one case alone has none, and then words must say what it is.</summary>
    private static bool IsEthereum(ReadOnlySpan<char> digits, bool named)
    {
        Span<byte> lower = stackalloc byte[40];
        var (lowers, uppers) = (0, 0);
        for (var i = 0; i < lower.Length; i++)
        {
            if (!char.IsAsciiHexDigit(digits[i]))
            {
                return false;
            }

            lower[i] = (byte)char.ToLowerInvariant(digits[i]);
            lowers += char.IsAsciiLetterLower(digits[i]) ? 1 : 0;
            uppers += char.IsAsciiLetterUpper(digits[i]) ? 1 : 0;
        }

        if (lowers == 0 || uppers == 0)
        {
            return named && lowers + uppers > 0;
        }

        Span<byte> hash = stackalloc byte[32];
        Keccak.Hash256(lower, hash);
        for (var i = 0; i < lower.Length; i++)
        {
            var nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
            if (char.IsAsciiLetter(digits[i]) && (nibble >= 8) != char.IsAsciiLetterUpper(digits[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static sbyte[] Values(string alphabet)
    {
        var values = new sbyte[128];
        Array.Fill(values, (sbyte)-1);
        for (var i = 0; i < alphabet.Length; i++)
        {
            values[alphabet[i]] = (sbyte)i;
        }

        return values;
    }
}

/// <summary>Keccak as Ethereum took it, before SHA-3 changed the padding.</summary>
internal static class Keccak
{
    private const int Rate = 136;

    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    private static ReadOnlySpan<byte> Rotations => [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

    private static ReadOnlySpan<byte> Lanes => [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

    /// <summary>Hashes a message of less than one block.</summary>
    public static void Hash256(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        Span<byte> block = stackalloc byte[Rate];
        block.Clear();
        message.CopyTo(block);
        block[message.Length] ^= 1;
        block[^1] ^= 0x80;
        Span<ulong> state = stackalloc ulong[25];
        state.Clear();
        for (var i = 0; i < Rate / 8; i++)
        {
            state[i] = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(block[(i * 8)..]);
        }

        foreach (var constant in RoundConstants)
        {
            Round(state, constant);
        }

        for (var i = 0; i < 4; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(hash[(i * 8)..], state[i]);
        }
    }

    private static void Round(Span<ulong> state, ulong constant)
    {
        Span<ulong> parity = stackalloc ulong[5];
        for (var i = 0; i < 5; i++)
        {
            parity[i] = state[i] ^ state[i + 5] ^ state[i + 10] ^ state[i + 15] ^ state[i + 20];
        }

        for (var i = 0; i < 25; i++)
        {
            state[i] ^= parity[(i + 4) % 5] ^ BitOperations.RotateLeft(parity[(i + 1) % 5], 1);
        }

        var moved = state[1];
        for (var i = 0; i < 24; i++)
        {
            var lane = Lanes[i];
            (state[lane], moved) = (BitOperations.RotateLeft(moved, Rotations[i]), state[lane]);
        }

        for (var row = 0; row < 25; row += 5)
        {
            state.Slice(row, 5).CopyTo(parity);
            for (var i = 0; i < 5; i++)
            {
                state[row + i] = parity[i] ^ (~parity[(i + 1) % 5] & parity[(i + 2) % 5]);
            }
        }

        state[0] ^= constant;
    }
}
