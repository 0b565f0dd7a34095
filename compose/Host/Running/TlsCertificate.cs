using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Running;

/// <summary>The gateway's certificate, from two PEM files.</summary>
internal static class TlsCertificate
{
    /// <returns>Null when the configuration asks for plain HTTP.</returns>
    /// <exception cref="CryptographicException">The files hold no certificate and its key.</exception>
    public static X509Certificate2? Load(LoadedConfig config) => config.File.Listen.Tls is { Certificate: { } certificate, Key: { } key }
        ? X509Certificate2.CreateFromPemFile(Path.GetFullPath(certificate, config.Folder), Path.GetFullPath(key, config.Folder))
        : null;

    public static string? DigestOf(X509Certificate2? certificate) => certificate is null ? null : Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
}
