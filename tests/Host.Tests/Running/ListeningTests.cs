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
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listening.Configure(kestrel, config, certificate));
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
}
