using System.Net;
using McpLedger.Host.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace McpLedger.Host.Running;

/// <summary>Where the process listens, and how long a slow or greedy peer may take.</summary>
internal static class Listening
{
    private const int MostHeaders = 100;
    private const int LongestHeaders = 64 * 1024;

    public static void Configure(KestrelServerOptions kestrel, LoadedConfig config, TlsCertificate? certificate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestHeaderCount = MostHeaders;
        kestrel.Limits.MaxRequestHeadersTotalSize = LongestHeaders;
        kestrel.Limits.MaxRequestLineSize = 16 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

        // A client may read as slowly as it thinks. One that reads nothing at all is the gateway's to end, which can say so in an event.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestBodySize = config.Gateway.Limits.MaxRequestBytes;
        var url = config.File.Listen.Url;
        void Bind(ListenOptions options)
        {
            if (certificate is not null)
            {
                options.UseHttps(https =>
                {
                    https.ServerCertificate = certificate.Own;
                    https.ServerCertificateChain = certificate.Chain;
                });
            }
        }

        if (url.Host == "localhost" && url.Port != 0)
        {
            kestrel.ListenLocalhost(url.Port, Bind);
        }
        else if (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) || url.Host == "localhost")
        {
            kestrel.Listen(address ?? IPAddress.Loopback, url.Port, Bind);
        }
        else
        {
            kestrel.ListenAnyIP(url.Port, Bind);
        }
    }

    /// <summary>Where clients reach what a configuration says: an address whose host the gateway answers to.</summary>
    public static Uri ClientAddress(ListenSection listen) =>
        AnsweredHost(listen, listen.Url) is { } answered ? new UriBuilder(listen.Url) { Host = answered }.Uri : listen.Url;

    /// <summary>The host that a request to an address has to name, where it is not the address's own.</summary>
    public static string? AnsweredHost(ListenSection listen, Uri address)
    {
        string[] answered = listen.Hosts.IsEmpty ? ["127.0.0.1", "localhost", "[::1]"] : [.. listen.Hosts];
        return answered.Contains(address.Host, StringComparer.OrdinalIgnoreCase) ? null : answered[0];
    }

    /// <summary>Where a program on this machine reaches what was bound.</summary>
    public static Uri LocalAddress(string bound)
    {
        var url = new UriBuilder(bound.Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal));
        url.Host = url.Host is "[::]" or "0.0.0.0" ? "127.0.0.1" : url.Host;
        return url.Uri;
    }
}
