using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Testing.Certificates;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpLedger.Host.Tests.Running;

public sealed class ListeningTests
{
    [Fact]
    public async Task A_client_that_knows_only_the_root_is_shown_the_way_to_it()
    {
        using var authority = new TestCertificates();
        using var folder = new TemporaryFolder();
        var (chain, key) = authority.SignThroughAnother("gateway.test", IPAddress.Loopback);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "cert.pem"), chain, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "key.pem"), key, TestContext.Current.CancellationToken);
        var config = ConfigReader.ReadText(Path.Combine(folder.Path, "mcpledger.yaml"), "listen: { url: 'https://127.0.0.1:0', tls: { certificate: cert.pem, key: key.pem } }").Config!;
        using var certificate = TlsCertificate.Load(config);
        var served = new ServedCertificate(certificate!, new(NullLogger<HostTelemetry>.Instance));
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listening.Configure(kestrel, config, served));
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var root = X509Certificate2.CreateFromPem(authority.AuthorityPem);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(root);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.First()).Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(socket.GetStream());

        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "gateway.test", CertificateChainPolicy = policy }, TestContext.Current.CancellationToken);

        Assert.True(tls.IsAuthenticated);
    }

    [Theory]
    [InlineData("mcp.example.com:8443", "mcp.example.com")]
    [InlineData("https://mcp.example.com", "mcp.example.com")]
    [InlineData("::1", "[::1]")]
    [InlineData("[::1]:8377", "[::1]")]
    [InlineData("münchen.example", "xn--mnchen-3ya.example")]
    [InlineData("mcp_1", "mcp_1")]
    [InlineData("10.0.0.7", "10.0.0.7")]
    [InlineData("*.example.com", null)]
    [InlineData("", null)]
    public void A_host_is_what_a_request_names_of_what_somebody_wrote(string written, string? host) => Assert.Equal(host, Listening.HostIn(written));

    [Theory]
    [InlineData("http://192.0.2.1:8377", SocketError.AddressNotAvailable)]
    [InlineData("http://127.0.0.1:0", null)]
    [InlineData("http://localhost:0", null)]
    [InlineData("http://mcp.example.com:0", null)]
    public void What_is_no_address_of_this_machine_is_refused(string url, SocketError? refusal) => Assert.Equal(refusal, Listening.RefusalOf(new(url)));
}
