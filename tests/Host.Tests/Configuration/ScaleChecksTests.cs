using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Tests.Configuration;

/// <summary>What the sections for several machines ask of each other.</summary>
public sealed class ScaleChecksTests
{
    private const string Whole = """
        kafka: { bootstrap: ["kafka-1:9092", "kafka-2:9092"], security: { protocol: sasl-tls, user: ledger, password: s3cret } }
        postgres: { connection: "Host=db;Database=mcpledger" }
        search: { urls: ["https://search:9200"], user: ledger, password: s3cret, retention: 90d }
        ledger: { durable: quorum }
        peers: "dns:http://gateways:8377"
        """;

    [Fact]
    public void A_whole_configuration_holds_with_its_secrets_looked_up()
    {
        var read = Read(Whole);

        Assert.Empty(read.Faults);
        Assert.Equal("quorum", read.File!.Ledger.Durable);
        Assert.Equal(["kafka-1:9092", "kafka-2:9092"], read.File.Kafka!.Bootstrap);
        Assert.Equal((8, 3, 2), (read.File.Kafka.Partitions, read.File.Kafka.Replication, read.File.Kafka.MinInSync));
        Assert.Equal("s3cret", read.Config!.Secrets.KafkaPassword);
        Assert.Equal("Host=db;Database=mcpledger", read.Config.Secrets.PostgresConnection);
        Assert.Equal("http://gateways:8377", read.Config.Gateway.PeerName!.OriginalString);
        Assert.DoesNotContain("s3cret", read.Config.Secrets.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ledger: { durable: quorum }", "ledger.durable", "add a kafka section")]
    [InlineData("kafka: { prefix: mine }", "kafka.bootstrap", "name one or more")]
    [InlineData("kafka: { bootstrap: ['http://kafka:9092'] }", "kafka.bootstrap", "without a scheme")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], replication: 1 }", "kafka.minInSync", "below kafka.replication")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], spool: { bytes: 1MiB } }", "kafka.spool.bytes", "64MiB or more")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\nledger: { quota: 50GiB }", "ledger.quota", "ledger.retention.age")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\nledger: { retention: { bytes: 50GiB } }", "ledger.retention.bytes", "ledger.retention.age")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], security: { protocol: sasl-tls } }", "kafka.security", "add user and password")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], security: { user: a, password: b } }", "kafka.security.protocol", "sasl-tls")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], security: { ca: /dev/null } }", "kafka.security.protocol", "protocol: tls")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], security: { protocol: tls, certificate: /dev/null } }", "kafka.security", "give both")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'], security: { protocol: tls, ca: /nowhere/ca.pem } }", "kafka.security.ca", "PEM file")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }", "postgres", "add search")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\nsearch: { urls: ['http://search:9200'] }", "search", "add postgres")]
    [InlineData("postgres: { connection: Host=db }\nsearch: { urls: ['http://search:9200'] }", "postgres", "add a kafka section")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { schema: mine }\nsearch: { urls: ['http://search:9200'] }", "postgres.connection", "Host=db")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }\nsearch: { prefix: mine }", "search.urls", "name one or more")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }\nsearch: { urls: ['http://s:1'], user: a }", "search", "give both")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }\nsearch: { urls: ['http://s:1'], user: a, password: b, apiKey: c }", "search.apiKey", "keep one")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }\nsearch: { urls: ['http://s:1'], ca: /dev/null }", "search.urls", "https://")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }\nsearch: { urls: ['http://a:b@s:1'] }", "search.urls", "keys of their own")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: Host=db }\nsearch: { urls: ['http://s:1'], prefix: audit-g2 }", "search.prefix", "-g and digits")]
    [InlineData("peers: gateways:8377", "peers", "dns:http://gateways:8377")]
    [InlineData("peers: dns:https://gateways:8377", "peers", "dns:http://gateways:8377")]
    [InlineData("kafka: { bootstrap: ['kafka:9092'] }\npostgres: { connection: '${env:NO_SUCH_VARIABLE}' }\nsearch: { urls: ['http://search:9200'] }", "postgres.connection", "set it where mcpledger is started")]
    public void Each_combination_that_cannot_work_is_named_with_its_fix(string yaml, string path, string fix)
    {
        var fault = Assert.Single(Read(yaml).Faults);

        Assert.Equal(path, fault.Path);
        Assert.Contains(fix, fault.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gateway", "kafka.security.password", "servers.one.headers.Authorization")]
    [InlineData("pipeline", "kafka.security.password")]
    [InlineData("projections", "kafka.security.password", "postgres.connection", "search.password")]
    public void A_role_needs_the_secrets_that_it_shows_and_no_others(string role, params string[] needed)
    {
        const string Secrets = """
            kafka: { bootstrap: ["kafka:9092"], security: { protocol: sasl-tls, user: ledger, password: "${file:no/kafka}" } }
            postgres: { connection: "Password=${file:no/postgres}" }
            search: { urls: ["http://search:9200"], user: ledger, password: "${file:no/search}" }
            servers: { one: { url: "http://one/mcp", headers: { Authorization: "${file:no/one}" } } }
            """;
        var read = ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", Secrets, HostRoleNames.Of(role), new Dictionary<string, string>());

        Assert.Equal(needed, read.Faults.Select(f => f.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Peers_are_a_list_or_a_name()
    {
        Assert.Equal("http://b:1", Read("peers: { gw-2: 'http://b:1' }").Config!.Gateway.Peers["gw-2"].OriginalString);
        Assert.Null(Read("peers: { gw-2: 'http://b:1' }").Config!.Gateway.PeerName);
        Assert.Empty(Read("peers: 'dns:http://b:1'").Config!.Gateway.Peers);
    }

    private static ConfigRead Read(string yaml) => ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", yaml);
}
