using System.Net;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using McpLedger.Contracts.Events;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Streaming;
using McpLedger.Testing.Certificates;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Running;

/// <summary><c>kafka.security</c> against brokers that insist on it: from the configuration file to a record that is read back.</summary>
public sealed class KafkaSecurityTests : IDisposable
{
    private const string NoBroker = "No folder shared/servers/kafka lies beside the checkout.";

    // A property's value ends at no blank: the server's reader takes this for one.
    private const string Blank = "\\u0020";

    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _authority = new();

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task User_and_password_are_shown_inside_of_TLS_and_wrong_ones_are_told()
    {
        Assert.SkipWhen(LocalKafka.Program is null, NoBroker);
        await using var broker = await LocalKafka.StartAsync(1, folder: null, $"""
            {Listener("SASL_SSL")}
            sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
            sasl.mechanism.inter.broker.protocol=PLAIN
            listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule{Blank}required{Blank}username="broker"{Blank}password="own"{Blank}user_broker="own"{Blank}user_plain="open-sesame";
            listener.name.plaintext.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule{Blank}required;
            """);
        using (var admin = new AdminClientBuilder(new AdminClientConfig
        {
            BootstrapServers = broker.Bootstrap,
            SecurityProtocol = SecurityProtocol.SaslSsl,
            SaslMechanism = SaslMechanism.Plain,
            SaslUsername = "plain",
            SaslPassword = "open-sesame",
            SslCaLocation = Path.Combine(_folder.Path, "ca.pem"),
        }).Build())
        {
            await admin.AlterUserScramCredentialsAsync(
                [new UserScramCredentialUpsertion { User = "ledger", Password = "s3cret"u8.ToArray(), ScramCredentialInfo = new() { Mechanism = ScramMechanism.ScramSha512, Iterations = 4096 } }]);
        }

        await PassesAsync(broker, "protocol: sasl-tls, ca: ca.pem, user: ledger, password: s3cret");
        await PassesAsync(broker, "protocol: sasl-tls, ca: ca.pem, mechanism: plain, user: plain, password: open-sesame");
        Assert.Contains("uthentication", await RefusedAsync(broker, "protocol: sasl-tls, ca: ca.pem, user: ledger, password: wrong"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_certificate_is_shown_and_a_broker_of_another_authority_is_not_spoken_to()
    {
        Assert.SkipWhen(LocalKafka.Program is null, NoBroker);
        await using var broker = await LocalKafka.StartAsync(
            1, folder: null, $"{Listener("SSL")} ssl.client.auth=required");
        var (certificate, key) = _authority.SignAsPem("gateway");
        Pem("client", certificate);
        Pem("client-key", key);
        using var others = new TestCertificates();
        Pem("others", others.AuthorityPem);

        await PassesAsync(broker, "protocol: tls, ca: ca.pem, certificate: client.pem, key: client-key.pem");
        Assert.Contains("certificate", await RefusedAsync(broker, "protocol: tls, ca: others.pem, certificate: client.pem, key: client-key.pem"), StringComparison.Ordinal);
        Assert.NotEmpty(await RefusedAsync(broker, "protocol: tls, ca: ca.pem"));
    }

    // The listener keeps its name; what it speaks is another protocol.
    private string Listener(string protocol)
    {
        var (certificate, key) = _authority.SignAsPem("localhost", IPAddress.Loopback);
        return $"""
            listener.security.protocol.map=PLAINTEXT:{protocol},CONTROLLER:PLAINTEXT
            ssl.keystore.type=PEM
            ssl.keystore.location={Pem("broker", key + "\n" + certificate)}
            ssl.truststore.type=PEM
            ssl.truststore.location={Pem("ca", _authority.AuthorityPem)}
            """;
    }

    private string Pem(string name, string text)
    {
        var path = Path.Combine(_folder.Path, $"{name}.pem");
        File.WriteAllText(path, text + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return path;
    }

    private async Task PassesAsync(LocalKafka broker, string security)
    {
        await using var ledger = TemporaryKafkaLedger.Open(OptionsFor(broker, security));
        await ledger.ReadyAsync();
        var (id, _) = await ledger.AppendAsync("a", "kept", TestContext.Current.CancellationToken);
        await ledger.SettledAsync();
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, new(LedgerLog.Calls, 0), 0);

        Assert.Contains(records, r => EventReader.TryRead(r.Bytes.Span, out var read, out _) && read!.Header.Id == id);
    }

    private async Task<string> RefusedAsync(LocalKafka broker, string security)
    {
        await using var ledger = TemporaryKafkaLedger.Open(OptionsFor(broker, security));
        await ledger.UntilAsync(() => ledger.Ledger.Health is { Status: LedgerStatus.Unavailable, Reason: not null });
        return ledger.Ledger.Health.Reason!;
    }

    private Streaming.Kafka.KafkaLedgerOptions OptionsFor(LocalKafka broker, string security)
    {
        var path = Path.Combine(_folder.Path, "mcpledger.yaml");
        File.WriteAllText(path, $"kafka: {{ bootstrap: ['{broker.Bootstrap}'], replication: 1, minInSync: 1, security: {{ {security} }} }}\n");
        var read = ConfigReader.Read(path);
        Assert.Empty(read.Faults);
        return TemporaryKafkaLedger.SmallIn(Directory.CreateDirectory(Path.Combine(_folder.Path, EventId.New(TimeProvider.System).ToString())).FullName) with
        {
            Bootstrap = broker.Bootstrap,
            Client = KafkaMapping.ToLedger(read.Config!, HostRoles.Gateway).Client,
        };
    }
}
