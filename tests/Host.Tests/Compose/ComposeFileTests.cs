using System.Text.RegularExpressions;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Host.Tests.Configuration;

namespace McpLedger.Host.Tests.Compose;

/// <summary><c>compose.yaml</c> and what it mounts, checked without an engine: names, ports and versions agree wherever they are written.</summary>
public sealed partial class ComposeFileTests
{
    private const string Ours = "mcpledger:0.1.0";
    private static readonly string Folder = Path.Combine(ExampleTests.Root(), "compose");
    private static readonly Yaml Compose = Yaml.Read(Path.Combine(Folder, "compose.yaml"));
    private static readonly string Dockerfile = File.ReadAllText(Path.Combine(Folder, "Dockerfile"));
    private static readonly string Balancer = File.ReadAllText(Path.Combine(Folder, "haproxy", "haproxy.cfg"));

    private static IEnumerable<(string Key, Yaml Value)> Services => Compose["services"].Entries;

    private static ConfigFile Config => Configuration(HostRoles.All).File!;

    [Theory]
    [InlineData("all")]
    [InlineData("gateway")]
    [InlineData("pipeline")]
    [InlineData("projections")]
    public void The_configuration_holds_for_every_role(string role) => Assert.Empty(Configuration(HostRoleNames.Of(role)).Faults);

    [Fact]
    public void Every_variable_of_ours_stands_for_a_key()
    {
        var names = Services.SelectMany(s => s.Value["environment"].Keys).Concat(VariableForm().Matches(Dockerfile).Select(m => m.Value)).Where(n => n.StartsWith(EnvironmentOverrides.Prefix, StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(names);
        Assert.Empty(names.Where(n => EnvironmentOverrides.PathOf(n) is null));
    }

    [Fact]
    public void Every_image_has_its_version_and_none_is_the_latest()
    {
        var images = Services.Select(s => s.Value["image"].Text!).Concat(FromForm().Matches(Dockerfile).Select(m => m.Groups[1].Value)).ToArray();

        Assert.Empty(images.Where(i => !PinnedForm().IsMatch(i)));
        Assert.Contains($"<Version>{Ours[(Ours.IndexOf(':', StringComparison.Ordinal) + 1)..]}</Version>", File.ReadAllText(Path.Combine(ExampleTests.Root(), "Directory.Build.props")), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_runs_as_root_or_may_become_it()
    {
        Assert.Empty(Services.Where(s => s.Value["user"].Text is not { } user || user.StartsWith("0:", StringComparison.Ordinal) || user.StartsWith("root", StringComparison.Ordinal)).Select(s => s.Key));
        Assert.Empty(Services.Where(s => !s.Value["cap_drop"].Texts.Contains("ALL") || !s.Value["security_opt"].Texts.Contains("no-new-privileges:true")).Select(s => s.Key));
        Assert.Empty(Services.Where(s => s.Value["image"].Text == Ours && s.Value["read_only"].Text != "true").Select(s => s.Key));
        Assert.Equal("1654:1654", Regex.Matches(Dockerfile, "^USER (.+)$", RegexOptions.Multiline, TimeSpan.FromSeconds(1))[^1].Groups[1].Value.Trim());
    }

    [Fact]
    public void Every_service_is_bounded_and_says_how_it_is()
    {
        Assert.Empty(Services.Where(s => s.Value["deploy"]["resources"]["limits"] is var limits && (!limits["memory"].Exists || !limits["cpus"].Exists)).Select(s => s.Key));
        Assert.Equal(["schema", "collector"], Services.Where(s => !s.Value["healthcheck"]["test"].Exists).Select(s => s.Key));
        Assert.Contains("HEALTHCHECK", Dockerfile, StringComparison.Ordinal);
    }

    [Fact]
    public void What_waits_for_another_waits_for_something_that_is_said()
    {
        foreach (var (service, on, condition) in Services.SelectMany(s => s.Value["depends_on"].Entries.Select(d => (s.Key, d.Key, d.Value["condition"].Text))))
        {
            var target = Compose["services"][on];
            Assert.True(target.Exists, $"{service} waits for {on}, which is no service");
            Assert.True(condition == "service_healthy" ? target["healthcheck"]["test"].Exists : condition == "service_completed_successfully" && target["restart"].Text == "no", $"{service} waits for {on}: {condition}");
        }
    }

    [Theory]
    [InlineData("volumes")]
    [InlineData("networks")]
    [InlineData("secrets")]
    public void What_is_declared_is_used_and_what_is_used_is_declared(string kind)
    {
        var used = Services.SelectMany(s => s.Value[kind].Texts).Select(u => kind == "volumes" ? u.Split(':')[0] : u).Where(u => !u.StartsWith('.')).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(Compose[kind].Keys.Order(StringComparer.Ordinal), used);
    }

    [Fact]
    public void Every_mounted_file_is_in_the_checkout_and_every_secret_is_made_by_the_script()
    {
        var files = Services.SelectMany(s => s.Value["volumes"].Texts).Where(v => v.StartsWith("./", StringComparison.Ordinal)).Select(v => v.Split(':')[0]).Distinct();
        Assert.Empty(files.Where(f => !Path.Exists(Path.Combine(Folder, f))));
        Assert.Equal($"for name in {string.Join(' ', Compose["secrets"].Keys)}; do", File.ReadLines(Path.Combine(Folder, "secrets.sh")).Single(l => l.StartsWith("for name", StringComparison.Ordinal)));
        Assert.Empty(Compose["secrets"].Entries.Where(s => s.Value["file"].Text != $"./secrets/{s.Key}"));
    }

    [Fact]
    public void Passwords_are_where_they_are_shown_and_nowhere_else() =>
        Assert.Equal(["schema", "projections", "postgres", "elasticsearch"], Services.Where(s => s.Value["secrets"].Exists).Select(s => s.Key));

    [Fact]
    public void The_signing_key_lies_in_no_gateways_volume()
    {
        var mounts = Services.Where(s => s.Value["image"].Text == Ours).ToDictionary(s => s.Key, s => s.Value["volumes"].Texts.Where(v => v.EndsWith(":/data", StringComparison.Ordinal)).ToArray());
        Assert.Equal(mounts.Values.SelectMany(v => v).Distinct().Count(), mounts.Values.Sum(v => v.Length));
    }

    [Fact]
    public void Gateways_peers_and_the_balancer_name_the_same_instances()
    {
        var gateways = Services.Where(s => s.Value["command"].Texts.Contains("gateway")).ToArray();
        Assert.Equal(["gateway-1", "gateway-2"], gateways.Select(g => g.Key));
        Assert.Empty(gateways.Where(g => g.Value["environment"]["MCPLEDGER__INSTANCE"].Text != g.Key).Select(g => g.Key));
        Assert.Equal(gateways.Select(g => g.Key), Config.Peers.Named.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(Config.Peers.Named.Where(p => p.Value != new Uri($"http://{p.Key}:{Config.Listen.Url.Port}")));
        foreach (var role in gateways.Select(g => g.Key).Append("pipeline").Append("projections"))
        {
            Assert.Matches($@"server {role} {role}:{Config.Listen.Url.Port}\b", Balancer);
        }
    }

    [Fact]
    public void Every_address_in_the_configuration_is_a_service_that_listens_there()
    {
        var brokers = Services.Where(s => s.Key.StartsWith("kafka-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(brokers.Select(b => $"{b.Key}:9092"), Config.Kafka!.Bootstrap);
        Assert.Equal(brokers.Select(b => $"PLAINTEXT://{b.Key}:9092"), brokers.Select(b => b.Value["environment"]["KAFKA_ADVERTISED_LISTENERS"].Text));
        Assert.Equal(string.Join(',', brokers.Select((b, i) => $"{i + 1}@{b.Key}:9093")), brokers[0].Value["environment"]["KAFKA_CONTROLLER_QUORUM_VOTERS"].Text);
        Assert.Equal(["1", "2", "3"], brokers.Select(b => b.Value["environment"]["KAFKA_NODE_ID"].Text));
        Assert.True(Config.Kafka.Replication <= brokers.Length);
        Assert.Contains($"Host={Services.Single(s => s.Key == "postgres").Key};", Config.Postgres!.Connection!.Template, StringComparison.Ordinal);
        Assert.Equal(new Uri("http://elasticsearch:9200"), Assert.Single(Config.Search!.Urls));
        Assert.Equal(new Uri("http://collector:4317"), Config.Telemetry.Otlp);
        Assert.Contains("endpoint: \"0.0.0.0:4317\"", File.ReadAllText(Path.Combine(Folder, "otel", "collector.yaml")), StringComparison.Ordinal);
        Assert.Equal($"http://0.0.0.0:{new Uri(Config.Servers["demo"].Url!.Template).Port}", Compose["services"]["demo"]["command"].Texts.Last());
        Assert.Contains($"EXPOSE {Config.Listen.Url.Port}", Dockerfile, StringComparison.Ordinal);
        Assert.Equal($"127.0.0.1:8080:{Regex.Match(Balancer, @"bind :(\d+)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value}", Assert.Single(Compose["services"]["balancer"]["ports"].Texts));
    }

    [Fact]
    public void Every_copy_of_an_index_has_a_node_to_lie_on()
    {
        var nodes = Services.Count(s => s.Value["image"].Text!.Contains("elasticsearch/", StringComparison.Ordinal));

        Assert.Equal(Config.Search!.Urls.Length, nodes);
        Assert.True(Config.Search.Replicas < nodes);
    }

    [Fact]
    public void Only_the_balancer_can_be_reached_from_outside()
    {
        Assert.Equal(["balancer"], Services.Where(s => s.Value["ports"].Exists).Select(s => s.Key));
        Assert.Equal("true", Compose["networks"]["inside"]["internal"].Text);
        Assert.Empty(Services.Where(s => s.Key != "balancer" && s.Value["networks"].Texts.Contains("outside")).Select(s => s.Key));
    }

    [Fact]
    public void A_gateway_has_time_to_end_in_order_and_the_balancer_notices_in_time()
    {
        var roles = Services.Where(s => s.Value["command"].Texts.Contains("--role")).ToList();
        Assert.Equal(4, roles.Count);
        Assert.All(roles, role => Assert.True(role.Value["stop_grace_period"].Seconds > Ending.Longest(Config).TotalSeconds, role.Key));
        Assert.Contains("option httpchk GET /readyz", Balancer, StringComparison.Ordinal);
        Assert.Contains("inter 500ms fall 1", Balancer, StringComparison.Ordinal);
        Assert.True(Config.Listen.Drain >= TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void The_balancer_sends_again_only_what_was_not_sent() =>
        Assert.Equal("retry-on conn-failure", Assert.Single(Balancer.Split('\n').Select(l => l.Trim()), l => l.StartsWith("retry-on", StringComparison.Ordinal)));

    [Fact]
    public void What_a_reload_reads_is_mounted_as_a_folder_since_editors_put_another_file_in_a_files_place()
    {
        var read = Path.GetDirectoryName(ConfigForm().Match(Dockerfile).Groups[1].Value)!;
        var mounts = Services.SelectMany(s => s.Value["volumes"].Texts).Select(v => v.Split(':')).Where(v => v[1].StartsWith(read, StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(mounts);
        Assert.All(mounts, m => Assert.True(Directory.Exists(Path.Combine(Folder, m[0])), m[0]));
    }

    private static ConfigRead Configuration(HostRoles roles)
    {
        using var secrets = new McpLedger.Testing.Ledgers.TemporaryFolder();
        foreach (var name in Compose["secrets"].Keys)
        {
            File.WriteAllText(Path.Combine(secrets.Path, name), "s3cret");
        }

        var path = Path.Combine(Folder, "config", "mcpledger.yaml");
        return ConfigReader.ReadText(path, File.ReadAllText(path).Replace("/run/secrets", secrets.Path, StringComparison.Ordinal), roles, new Dictionary<string, string>());
    }

    [GeneratedRegex("MCPLEDGER__[A-Z_]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex VariableForm();

    [GeneratedRegex(@"MCPLEDGER_CONFIG=(\S+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ConfigForm();

    [GeneratedRegex(@"^FROM (\S+)", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex FromForm();

    [GeneratedRegex(@"^[a-z0-9./-]+:[0-9]+(\.[0-9]+)+(-[a-z0-9.]+)*$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PinnedForm();
}
