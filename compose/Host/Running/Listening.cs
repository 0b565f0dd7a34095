using System.Net;
using System.Security.Cryptography.X509Certificates;
using McpLedger.Host.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace McpLedger.Host.Running;

/// <summary>Where the process listens, and how long a slow or greedy peer may take.</summary>
internal static class Listening
{
    private const int MostHeaders = 100;
    private const int LongestHeaders = 64 * 1024;

    public static void Configure(KestrelServerOptions kestrel, LoadedConfig config, X509Certificate2? certificate)
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
                options.UseHttps(certificate);
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

    /// <summary>Where a program on this machine reaches what was bound.</summary>
    public static Uri LocalAddress(string bound)
    {
        var url = new UriBuilder(bound.Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal));
        url.Host = url.Host is "[::]" or "0.0.0.0" ? "127.0.0.1" : url.Host;
        return url.Uri;
    }
}
