using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace McpLedger.Contracts.Integrity;

/// <summary>Signature algorithms of signed notes that are understood, by their type byte (C2SP signed-note, "Signature types").</summary>
public enum NoteAlgorithm
{
    /// <summary>None. Verifies nothing.</summary>
    None = 0,

    /// <summary>Ed25519 (RFC 8032) over the note's text.</summary>
    Ed25519 = 1,

    /// <summary>ECDSA on P-256 over SHA-256 of the note's text, signature in DER.</summary>
    EcdsaP256 = 2,
}

/// <summary>A public key with the name it signs under, written <c>name+key id+base64(type ‖ key)</c> (a vkey).</summary>
public sealed class VerifierKey
{
    private readonly byte[] _public;

    private VerifierKey(string name, NoteAlgorithm algorithm, byte[] publicKey)
    {
        Name = name;
        Algorithm = algorithm;
        _public = publicKey;
        KeyId = IdOf(name, algorithm, publicKey);
    }

    /// <summary>Name of the key; for a log's key, its origin.</summary>
    public string Name { get; }

    /// <summary>First four bytes of a hash over name and key; for ECDSA over the key alone.</summary>
    public uint KeyId { get; }

    /// <summary>How it verifies.</summary>
    public NoteAlgorithm Algorithm { get; }

    /// <summary>Ed25519: 32 bytes. ECDSA: SubjectPublicKeyInfo in DER.</summary>
    public ReadOnlySpan<byte> PublicKey => _public;

    /// <summary>Whether a name may stand in a note: not empty, no white space, no control character, no plus.</summary>
    public static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
        {
            if (c == '+' || char.IsWhiteSpace(c) || char.IsControl(c))
            {
                return false;
            }
        }

        return !name.IsEmpty;
    }

    /// <summary>Takes a public key under a name.</summary>
    /// <returns>False when the name or the key is none.</returns>
    public static bool TryCreate(string name, NoteAlgorithm algorithm, ReadOnlySpan<byte> publicKey, out VerifierKey? key)
    {
        key = IsName(name) && IsKey(algorithm, publicKey) ? new(name, algorithm, publicKey.ToArray()) : null;
        return key is not null;
    }

    /// <summary>Reads a vkey. The key id must be the one that name and key make.</summary>
    public static bool TryParse(string vkey, out VerifierKey? key)
    {
        key = null;
        var parts = vkey.Split('+', 3);
        if (parts.Length != 3
            || parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
            || NoteText.FromBase64(parts[2]) is not { Length: > 1 } bytes)
        {
            return false;
        }

        return TryCreate(parts[0], (NoteAlgorithm)bytes[0], bytes.AsSpan(1), out key) && key!.KeyId == id;
    }

    /// <summary>The same public key under another name.</summary>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public VerifierKey Named(string name) => IsName(name) ? new(name, Algorithm, _public) : throw new ArgumentException($"'{name}' is no key name.", nameof(name));

    /// <summary>Checks a signature over <paramref name="message"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (Algorithm == NoteAlgorithm.Ed25519)
        {
            return NSec.Cryptography.PublicKey.TryImport(SignatureAlgorithm.Ed25519, _public, KeyBlobFormat.RawPublicKey, out var key)
                && SignatureAlgorithm.Ed25519.Verify(key!, message, signature);
        }

        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(_public, out _);
        return ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>The vkey.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}+{KeyId:x8}+{Convert.ToBase64String([(byte)Algorithm, .. _public])}");

    private static uint IdOf(string name, NoteAlgorithm algorithm, byte[] publicKey)
    {
        byte[] named = algorithm == NoteAlgorithm.EcdsaP256 ? publicKey : [.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)algorithm, .. publicKey];
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(named));
    }

    private static bool IsKey(NoteAlgorithm algorithm, ReadOnlySpan<byte> publicKey)
    {
        switch (algorithm)
        {
            case NoteAlgorithm.Ed25519:
                return NSec.Cryptography.PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out _);
            case NoteAlgorithm.EcdsaP256:
                try
                {
                    using var ecdsa = ECDsa.Create();
                    ecdsa.ImportSubjectPublicKeyInfo(publicKey, out var read);
                    return read == publicKey.Length && ecdsa.KeySize == 256 && ecdsa.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == "1.2.840.10045.3.1.7";
                }
                catch (CryptographicException)
                {
                    return false;
                }

            default:
                return false;
        }
    }
}
