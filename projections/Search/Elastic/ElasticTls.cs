using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Connections to the engine's nodes, and whom they trust.</summary>
internal static class ElasticTls
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    // Names are looked up again and load spreads anew over what stands behind one name.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <exception cref="IOException">The file of authorities cannot be read.</exception>
    /// <exception cref="CryptographicException">It holds no certificates.</exception>
    public static SocketsHttpHandler Handler(ElasticOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.CaFile is { } file)
        {
            tls.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(file);
            if (tls.CertificateChainPolicy.CustomTrustStore.Count == 0)
            {
                throw new CryptographicException($"'{file}' holds no certificate in PEM form.");
            }
        }

        if (options.Fingerprint is { } fingerprint)
        {
            var pinned = Convert.FromHexString(fingerprint.Replace(":", "", StringComparison.Ordinal));
            tls.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(certificate.GetRawCertData()), pinned);
        }

        return new()
        {
            SslOptions = tls,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
        };
    }
}
