using System.Net;
using System.Net.Sockets;
using McpLedger.Host.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace McpLedger.Host.Running;

/// <summary>Where the process listens, and how long a slow or greedy peer may take.</summary>
internal static class Listening
{
    private const int MostHeaders = 100;
    private const int LongestHeaders = 64 * 1024;

    public static void Configure(KestrelServerOptions kestrel, LoadedConfig config, ServedCertificate? certificate)
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
                options.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(certificate.ForHandshake()) });
            }
        }

        if (url.Host == "localhost" && url.Port != 0)
        {
            kestrel.ListenLocalhost(url.Port, Bind);
        }
        else if (AddressOf(url) is { } address)
        {
            kestrel.Listen(address, url.Port, Bind);
        }
        else
        {
            kestrel.ListenAnyIP(url.Port, Bind);
        }
    }

    /// <summary>The address of this machine that an address of the configuration binds; null for all of them.</summary>
    public static IPAddress? AddressOf(Uri url) =>
        IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) ? address : url.Host == "localhost" ? IPAddress.Loopback : null;

    /// <summary>Why nothing can be bound there now; null when it can.</summary>
    public static SocketError? RefusalOf(Uri url)
    {
        var address = AddressOf(url) ?? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(address, url.Port));
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    /// <summary>The host in what somebody wrote, as a request names it: without scheme and port, an IPv6 address in brackets. Null where there is none.</summary>
    public static string? HostIn(string written)
    {
        var text = !written.StartsWith('[') && IPAddress.TryParse(written, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{written}]" : written;
        if (text.Contains('*', StringComparison.Ordinal) || !Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}", UriKind.Absolute, out var url))
        {
            return null;
        }

        try
        {
            return url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost;
        }
        catch (UriFormatException)
        {
            // Letters that no name of the Internet has.
            return null;
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
