using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace McpLedger.Contracts.Integrity;

/// <summary>A private key for notes. Holds the secret: dispose it, never log it.</summary>
public sealed class SigningKey : IDisposable
{
    private static KeyCreationParameters Exportable => new() { ExportPolicy = KeyExportPolicies.AllowPlaintextArchiving };

    private readonly Key? _ed25519;
    private readonly ECDsa? _ecdsa;
    private readonly byte[] _public;

    private SigningKey(Key ed25519)
    {
        _ed25519 = ed25519;
        _public = ed25519.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }

    private SigningKey(ECDsa ecdsa)
    {
        _ecdsa = ecdsa;
        _public = ecdsa.ExportSubjectPublicKeyInfo();
    }

    /// <summary>How it signs.</summary>
    public NoteAlgorithm Algorithm => _ed25519 is not null ? NoteAlgorithm.Ed25519 : NoteAlgorithm.EcdsaP256;

    /// <summary>Makes a new key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The algorithm is none.</exception>
    public static SigningKey Create(NoteAlgorithm algorithm) => algorithm switch
    {
        NoteAlgorithm.Ed25519 => new(Key.Create(SignatureAlgorithm.Ed25519, Exportable)),
        NoteAlgorithm.EcdsaP256 => new(ECDsa.Create(ECCurve.NamedCurves.nistP256)),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>Takes an Ed25519 key from its 32-byte seed (RFC 8032 §5.1.5).</summary>
    public static SigningKey FromSeed(ReadOnlySpan<byte> seed) => new(Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, Exportable));

    /// <summary>Reads a private key as PEM (PKCS #8): Ed25519 (RFC 8410) or ECDSA on P-256.</summary>
    /// <returns>False when it is another key or none.</returns>
    public static bool TryImportPem(string pem, out SigningKey? key)
    {
        key = null;
        if (Key.TryImport(SignatureAlgorithm.Ed25519, Encoding.UTF8.GetBytes(pem), KeyBlobFormat.PkixPrivateKeyText, out var ed25519, Exportable))
        {
            key = new(ed25519!);
            return true;
        }

        ECDsa? ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportFromPem(pem);
            if (IsPrivateOnP256(ecdsa))
            {
                key = new(ecdsa);
                ecdsa = null;
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
        finally
        {
            ecdsa?.Dispose();
        }

        return key is not null;
    }

    // Other curves have 256 bits as well, and a public key is read from PEM as readily: both would fail at the first signature only, or be verified by nobody.
    private static bool IsPrivateOnP256(ECDsa key)
    {
        var parts = key.ExportParameters(includePrivateParameters: true);
        CryptographicOperations.ZeroMemory(parts.D);
        return parts.D is not null && parts.Curve.IsNamed && parts.Curve.Oid.Value == "1.2.840.10045.3.1.7";
    }

    /// <summary>The private key as PEM (PKCS #8).</summary>
    public string ExportPem() =>
        _ed25519 is not null ? Encoding.UTF8.GetString(_ed25519.Export(KeyBlobFormat.PkixPrivateKeyText)) : _ecdsa!.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>The public key under a name.</summary>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public VerifierKey Verifier(string name) =>
        VerifierKey.TryCreate(name, Algorithm, _public, out var key) ? key! : throw new ArgumentException($"'{name}' is no key name.", nameof(name));

    /// <inheritdoc/>
    public void Dispose()
    {
        _ed25519?.Dispose();
        _ecdsa?.Dispose();
    }

    internal byte[] Sign(ReadOnlySpan<byte> message) => _ed25519 is not null
        ? SignatureAlgorithm.Ed25519.Sign(_ed25519, message)
        : _ecdsa!.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
}

/// <summary>A private key that signs under a name.</summary>
public sealed class NoteSigner(string name, SigningKey signing)
{
    /// <summary>What others need to verify.</summary>
    public VerifierKey Key { get; } = signing.Verifier(name);

    /// <summary>Key id and signature, as they stand in a note.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = signing.Sign(message);
        var line = new byte[sizeof(uint) + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(line, Key.KeyId);
        signature.CopyTo(line, sizeof(uint));
        return line;
    }
}
