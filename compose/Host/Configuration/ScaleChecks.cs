using System.Text.RegularExpressions;
using McpLedger.Host.Running;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Host.Configuration;

/// <summary>What the sections of the scaled-out shape ask of each other: <c>kafka</c>, <c>postgres</c>, <c>search</c>.</summary>
internal sealed partial class ScaleChecks(ConfigChecks checks, string folder, HostRoles roles)
{
    private const long SmallestSpool = 64L << 20;

    public void Check(ConfigFile file)
    {
        if (file.Kafka is { } kafka)
        {
            CheckKafka(kafka);
            CheckSecurity(kafka.Security);
            if (file.Ledger.Quota is not null)
            {
                checks.Fault("ledger.quota", "with Kafka the ledger does not lie in the data folder: a quota of it would bound nothing.", "remove it; set kafka.spool.bytes for what may wait on this machine, and ledger.retention.age for what is kept");
            }

            if (file.Ledger.Retention.Bytes is not null)
            {
                checks.Fault("ledger.retention.bytes", "Kafka tells no sizes: nothing would ever be dropped.", "use ledger.retention.age");
            }
        }

        if (file.Ledger.Durable == "quorum" && file.Kafka is null)
        {
            checks.Fault("ledger.durable", "quorum waits for Kafka's in-sync replicas, and there is no kafka.", "add a kafka section, or remove durable");
        }

        CheckHomes(file);
    }

    private void CheckKafka(KafkaSection kafka)
    {
        if (kafka.Bootstrap.IsEmpty)
        {
            checks.Fault("kafka.bootstrap", "no broker is named.", "name one or more, such as bootstrap: [kafka-1:9092, kafka-2:9092]");
        }

        foreach (var broker in kafka.Bootstrap.Where(b => !Broker().IsMatch(b)))
        {
            checks.Fault("kafka.bootstrap", $"'{broker}' is not host:port.", "write it like kafka-1:9092, without a scheme");
        }

        if (kafka.MinInSync > kafka.Replication)
        {
            checks.Fault("kafka.minInSync", $"{kafka.MinInSync} copies can never be in sync where there are {kafka.Replication}.", "keep it below kafka.replication, such as 2 of 3, so that one broker may be away");
        }

        if (kafka.Spool.Bytes.Bytes < SmallestSpool)
        {
            checks.Fault("kafka.spool.bytes", $"{kafka.Spool.Bytes} is less than a spool needs to turn over.", "give it 64MiB or more");
        }
    }

    private void CheckSecurity(KafkaSecuritySection security)
    {
        var isEncrypted = security.Protocol is "tls" or "sasl-tls";
        var hasLogin = security.Protocol is "sasl" or "sasl-tls";
        if (hasLogin && (security.User is null || security.Password is null))
        {
            checks.Fault("kafka.security", $"{security.Protocol} needs user and password.", "add user and password: ${file:secrets/kafka}");
        }

        if (!hasLogin && (security.User is not null || security.Password is not null))
        {
            checks.Fault("kafka.security.protocol", $"user and password are given, and {security.Protocol} shows neither.", "write protocol: sasl-tls, or remove them");
        }

        if (!isEncrypted && (security.Ca ?? security.Certificate ?? security.Key) is not null)
        {
            checks.Fault("kafka.security.protocol", $"certificates are given, and {security.Protocol} uses none.", "write protocol: tls (or sasl-tls), or remove them");
        }

        if (security.Certificate is null != security.Key is null)
        {
            checks.Fault("kafka.security", "certificate and key belong together, and one of them is missing.", "give both, or none");
        }

        CheckFile("kafka.security.ca", security.Ca);
        CheckFile("kafka.security.certificate", security.Certificate);
        CheckFile("kafka.security.key", security.Key);
    }

    private void CheckHomes(ConfigFile file)
    {
        if (file.Postgres is { } postgres)
        {
            if (postgres.Connection is null)
            {
                checks.Fault("postgres.connection", "nothing says where the database is.", "write connection: \"Host=db;Database=mcpledger;Username=mcpledger;Password=${file:secrets/postgres}\"");
            }

            if (file.Search is null)
            {
                checks.Fault("postgres", "with read models in PostgreSQL the search needs an engine of its own, and there is no search section.", "add search: { urls: [\"http://search:9200\"] }, or remove postgres");
            }
        }

        if (file.Search is { } search)
        {
            CheckSearch(search);
            if (file.Postgres is null)
            {
                checks.Fault("search", "the search engine holds words; sessions, tools and keys need postgres, and there is no such section.", "add postgres: { connection: … }, or remove search");
            }
        }

        if (file.Kafka is null && (file.Postgres is not null || file.Search is not null))
        {
            checks.Fault(file.Postgres is null ? "search" : "postgres", "the embedded ledger keeps its read models beside it.", "add a kafka section, or remove postgres and search");
        }
    }

    private void CheckSearch(SearchSection search)
    {
        if (search.Urls.IsEmpty)
        {
            checks.Fault("search.urls", "no node is named.", "name one or more, such as urls: [\"http://search:9200\"]");
        }

        if (search.User is null != search.Password is null)
        {
            checks.Fault("search", "user and password belong together, and one of them is missing.", "give both, or apiKey instead");
        }

        if (search is { ApiKey: not null, User: not null })
        {
            checks.Fault("search.apiKey", "an API key and a user are given together.", "keep one of them");
        }

        if (search.Ca is not null && search.Urls.Any(u => u.Scheme == "http"))
        {
            checks.Fault("search.urls", "ca is given, but an address is http.", "write https:// in search.urls, or remove ca");
        }

        foreach (var url in search.Urls.Where(u => u.UserInfo.Length > 0))
        {
            checks.Fault("search.urls", $"the address of {url.Host} carries a login, which logs would show.", "give user and password as keys of their own");
        }

        if (ElasticOptions.EndsLikeGeneration(search.Prefix))
        {
            checks.Fault("search.prefix", $"'{search.Prefix}' ends like the generation of another prefix, whose indices it would be taken for.", "choose another end than -g and digits");
        }

        // Nobody else speaks to the engine: on other roles' machines the file need not be.
        CheckFile("search.ca", roles.HasFlag(HostRoles.Projections) ? search.Ca : null);
    }

    private void CheckFile(string at, string? path)
    {
        if (path is not null && roles != HostRoles.None && !File.Exists(Path.GetFullPath(path, folder)))
        {
            checks.Fault(at, $"there is no file {Path.GetFullPath(path, folder)}.", "point at a PEM file");
        }
    }

    [GeneratedRegex(@"^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}$", RegexOptions.CultureInvariant)]
    private static partial Regex Broker();
}
