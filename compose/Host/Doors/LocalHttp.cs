using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using McpLedger.Host.Running;

namespace McpLedger.Host.Doors;

/// <summary>Clients toward an instance on this machine. Its certificate is known by its digest, which the instance left in a file that only its owner can write.</summary>
internal static class LocalHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The client owns the handler and disposes it.")]
    public static HttpClient Toward(RunningInstance instance, string? bearer)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, MaxConnectionsPerServer = 256 };
        if (instance.Certificate is { } expected)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is not null && CryptographicOperations.FixedTimeEquals(Convert.FromHexString(expected), SHA256.HashData(certificate.GetRawCertData())),
            };
        }

        var client = new HttpClient(handler) { BaseAddress = instance.Url, Timeout = Patience };
        if (bearer is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        return client;
    }
}
