using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Running;

/// <summary>A certificate with its key from two PEM files, and those of the authorities between it and one that clients know.</summary>
internal sealed class TlsCertificate : IDisposable
{
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2Collection _chain;

    private TlsCertificate(X509Certificate2 own, X509Certificate2Collection chain)
    {
        (_own, _chain) = (own, chain);
        Context = SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    /// <summary>What a handshake shows.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>SHA-256 of the certificate itself.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(_own.RawData));

    /// <summary>From when on it is good.</summary>
    public DateTimeOffset From => _own.NotBefore.ToUniversalTime();

    /// <summary>Until when it is good.</summary>
    public DateTimeOffset Until => _own.NotAfter.ToUniversalTime();

    /// <returns>Null when the configuration asks for plain HTTP.</returns>
    /// <exception cref="CryptographicException">The files hold no certificate and its key.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The one that is returned owns the certificate and disposes it.")]
    public static TlsCertificate? Load(LoadedConfig config)
    {
        if (config.File.Listen.Tls is not { Certificate: { } certificate, Key: { } key })
        {
            return null;
        }

        var file = Path.GetFullPath(certificate, config.Folder);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        return new(X509Certificate2.CreateFromPemFile(file, Path.GetFullPath(key, config.Folder)), chain);
    }

    /// <summary>Looks at two files without keeping them.</summary>
    /// <param name="certificate">Full path of the certificate's.</param>
    /// <param name="key">Full path of the key's.</param>
    /// <returns>Which of the two, as the configuration names it, is not what it must be, with the fix; null when both are.</returns>
    public static (string Key, string Problem, string Fix)? FaultOf(string certificate, string key)
    {
        try
        {
            using var alone = X509Certificate2.CreateFromPem(File.ReadAllText(certificate));
        }
        catch (CryptographicException)
        {
            return ("certificate", $"{certificate} holds no certificate.", "point at a PEM file (-----BEGIN CERTIFICATE-----) with the gateway's own first, and behind it those of the authorities between");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ("certificate", Unread(certificate, e), "point at a PEM file that the user who runs mcpledger can read");
        }

        try
        {
            using var both = X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return ("key", $"{key} holds no private key of the certificate in {certificate}.", "point at the PEM file of the key that was made for it, without a passphrase (openssl pkey takes one off)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ("key", Unread(key, e), "point at a PEM file that the user who runs mcpledger can read, and nobody else: mode 0600");
        }

        return null;
    }

    public void Dispose()
    {
        _own.Dispose();
        foreach (var certificate in _chain)
        {
            certificate.Dispose();
        }
    }

    private static string Unread(string path, Exception e) => e is FileNotFoundException or DirectoryNotFoundException ? $"there is no file {path}." : $"{path} cannot be read ({e.GetType().Name}).";
}
