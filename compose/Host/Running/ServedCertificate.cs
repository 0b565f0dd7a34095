using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Running;

/// <summary>The certificate that clients are shown: a renewed one from the next handshake on, while connections that stand go on.</summary>
internal sealed class ServedCertificate(TlsCertificate first, HostTelemetry telemetry)
{
    private volatile TlsCertificate _current = first;
    private Action<string>? _told;

    /// <summary>SHA-256 of the one in force.</summary>
    public string Digest => _current.Digest;

    /// <summary>Who is told the digest whenever another comes into force.</summary>
    public void Tell(Action<string> digest) => _told = digest;

    /// <summary>
    /// Puts in force what the files of a configuration hold by now. What cannot be read changes nothing and is logged; nor does a configuration without TLS: that is another listener.
    /// </summary>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The one that comes into force is kept, and one that does not is disposed.")]
    public void Renew(LoadedConfig config)
    {
        try
        {
            if (TlsCertificate.Load(config) is { } next)
            {
                Take(next);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            telemetry.LogCertificateRefused(config.Path, e.Message);
        }
    }

    /// <summary>What the next handshake goes by.</summary>
    public SslServerAuthenticationOptions ForHandshake() => new() { ServerCertificateContext = _current.Context };

    private void Take(TlsCertificate next)
    {
        if (next.Digest == Digest)
        {
            next.Dispose();
            return;
        }

        // A handshake that has begun holds the one before: it is left to the garbage collector.
        _current = next;
        _told?.Invoke(next.Digest);
        telemetry.LogCertificate(next.Digest, next.Until);
    }
}
