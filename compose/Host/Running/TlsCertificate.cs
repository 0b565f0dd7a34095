using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Running;

/// <summary>The gateway's certificate from two PEM files, and those of the authorities between it and one that clients know.</summary>
internal sealed class TlsCertificate : IDisposable
{
    private TlsCertificate(X509Certificate2 own, X509Certificate2Collection chain) => (Own, Chain) = (own, chain);

    public X509Certificate2 Own { get; }

    /// <summary>Every certificate of the file.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>SHA-256 of the gateway's own.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Own.RawData));

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

    public void Dispose()
    {
        Own.Dispose();
        foreach (var certificate in Chain)
        {
            certificate.Dispose();
        }
    }
}
