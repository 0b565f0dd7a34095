using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Host.Tests.Configuration;

namespace McpLedger.Host.Tests.Compose;

/// <summary>The Kubernetes example, checked without a cluster.</summary>
public sealed class KubernetesTests
{
    private static readonly string Folder = Path.Combine(ExampleTests.Root(), "compose", "kubernetes");
    private static readonly Yaml[] Documents = [.. Directory.EnumerateFiles(Folder, "*.yaml").Order(StringComparer.Ordinal).SelectMany(Yaml.ReadAll)];

    private static IEnumerable<Yaml> Workloads => Documents.Where(d => d["kind"].Text is "Deployment" or "StatefulSet" or "Job");

    private static IEnumerable<(string Name, Yaml Container, Yaml Pod)> Serving => Containers.Where(c => c.Pod["spec"]["restartPolicy"].Text is null);

    private static IEnumerable<(string Name, Yaml Pod)> Pods => Workloads.Select(w => (w["metadata"]["name"].Text!, w["spec"]["template"]));

    private static IEnumerable<(string Name, Yaml Container, Yaml Pod)> Containers => Pods.SelectMany(p => p.Pod["spec"]["containers"].Items.Select(c => (p.Name, c, p.Pod)));

    private static string ConfigText => Documents.Single(d => d["kind"].Text == "ConfigMap")["data"]["mcpledger.yaml"].Text!;

    [Theory]
    [InlineData("gateway", "gateway")]
    [InlineData("pipeline", "pipeline")]
    [InlineData("projections", "projections")]
    [InlineData("schema", "projections")]
    public void The_configuration_holds_where_its_secrets_are_mounted(string component, string role)
    {
        // Only the files are not here; everything else must hold, and what a role looks up must be mounted into its pod.
        var pod = Pods.Single(p => p.Name == $"mcpledger-{component}").Pod;
        var mounts = pod["spec"]["containers"].Items.Single()["volumeMounts"].Items.Select(m => m["mountPath"].Text!).ToArray();
        foreach (var fault in ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", ConfigText, HostRoleNames.Of(role), new Dictionary<string, string>()).Faults)
        {
            Assert.Matches("cannot be read|there is no file", fault.Problem);
            Assert.True(mounts.Any(m => fault.Problem.Contains(m + "/", StringComparison.Ordinal)), $"{component}: {fault.Problem}");
        }
    }

    [Fact]
    public void Every_variable_of_ours_stands_for_a_key()
    {
        var names = Containers.SelectMany(c => c.Container["env"].Items).Select(e => e["name"].Text!).Where(n => n.StartsWith(EnvironmentOverrides.Prefix, StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(names);
        Assert.Empty(names.Where(n => EnvironmentOverrides.PathOf(n) is null));
    }

    [Fact]
    public void Every_container_is_pinned_bounded_probed_and_not_root()
    {
        foreach (var (name, container, pod) in Containers)
        {
            Assert.Matches(@"^[a-z0-9./-]+:[0-9]+(\.[0-9]+)+$", container["image"].Text);
            Assert.True(container["resources"]["limits"]["memory"].Exists && container["resources"]["requests"]["cpu"].Exists, name);
            Assert.True(pod["spec"]["restartPolicy"].Exists || (container["readinessProbe"].Exists && container["livenessProbe"].Exists), name);
            Assert.Equal("true", container["securityContext"]["readOnlyRootFilesystem"].Text);
            Assert.Equal("false", container["securityContext"]["allowPrivilegeEscalation"].Text);
            Assert.Contains("ALL", container["securityContext"]["capabilities"]["drop"].Texts);
            Assert.Equal("true", pod["spec"]["securityContext"]["runAsNonRoot"].Text);
            Assert.Equal("false", pod["spec"]["automountServiceAccountToken"].Text);
        }
    }

    [Fact]
    public void Every_mount_has_its_volume_and_every_volume_its_mount()
    {
        foreach (var workload in Workloads)
        {
            var spec = workload["spec"]["template"]["spec"];
            var volumes = spec["volumes"].Items.Select(v => v["name"].Text).Concat(workload["spec"]["volumeClaimTemplates"].Items.Select(t => t["metadata"]["name"].Text)).Order(StringComparer.Ordinal);
            var mounts = spec["containers"].Items.SelectMany(c => c["volumeMounts"].Items).Select(m => m["name"].Text).Distinct().Order(StringComparer.Ordinal);
            Assert.Equal(volumes, mounts);
        }

        var claims = Documents.Where(d => d["kind"].Text == "PersistentVolumeClaim").Select(d => d["metadata"]["name"].Text);
        Assert.Empty(Documents.SelectMany(d => d.Everything()).Select(n => n["persistentVolumeClaim"]["claimName"].Text).OfType<string>().Except(claims));
    }

    [Fact]
    public void Every_service_budget_and_policy_finds_pods()
    {
        var pods = Pods.Select(p => p.Pod["metadata"]["labels"].Entries.Select(l => $"{l.Key}={l.Value.Text}").ToHashSet()).ToArray();
        foreach (var document in Documents.Where(d => d["kind"].Text is "Service" or "PodDisruptionBudget" or "NetworkPolicy"))
        {
            var spec = document["spec"];
            var selector = spec["podSelector"].Exists ? spec["podSelector"]["matchLabels"] : spec["selector"]["matchLabels"].Exists ? spec["selector"]["matchLabels"] : spec["selector"];
            Assert.True(pods.Any(p => selector.Entries.All(l => p.Contains($"{l.Key}={l.Value.Text}"))), document["metadata"]["name"].Text);
        }
    }

    [Fact]
    public void Ports_probes_and_policies_speak_of_the_port_that_the_configuration_listens_on()
    {
        var port = $"{Config().Listen.Url.Port}";
        foreach (var (name, container, _) in Serving.Where(c => c.Name.StartsWith("mcpledger-", StringComparison.Ordinal)))
        {
            Assert.Equal(("http", port), (container["ports"].Items.Single()["name"].Text, container["ports"].Items.Single()["containerPort"].Text));
            Assert.Equal(("/readyz", "http"), (container["readinessProbe"]["httpGet"]["path"].Text, container["readinessProbe"]["httpGet"]["port"].Text));
            Assert.Equal("/healthz", container["livenessProbe"]["httpGet"]["path"].Text);
            Assert.Equal(port, Documents.First(d => d["kind"].Text == "Service" && d["metadata"]["name"].Text == name)["spec"]["ports"].Items.Single()["port"].Text);
            var ingress = Documents.Single(d => d["kind"].Text == "NetworkPolicy" && d["metadata"]["name"].Text == name)["spec"]["ingress"].Items.SelectMany(i => i["ports"].Items).Select(p => p["port"].Text);
            Assert.All(ingress, p => Assert.Equal(port, p));
        }
    }

    [Fact]
    public void The_tables_are_made_by_a_job_that_reaches_the_database_and_that_no_service_leads_to()
    {
        var (name, _, pod) = Assert.Single(Containers, c => c.Container["args"].Texts.SequenceEqual(["schema", "apply"]));
        var labels = pod["metadata"]["labels"].Entries.Select(l => (l.Key, l.Value.Text)).ToHashSet();
        var policies = Documents.Where(d => d["kind"].Text == "NetworkPolicy" && d["spec"]["podSelector"]["matchLabels"].Entries.All(l => labels.Contains((l.Key, l.Value.Text))));

        Assert.Equal("Job", Workloads.Single(w => w["metadata"]["name"].Text == name)["kind"].Text);
        Assert.Contains(policies.SelectMany(p => p["spec"]["egress"].Items), e => e["to"].Items.Any(t => t["podSelector"]["matchLabels"]["app.kubernetes.io/name"].Text == "postgres"));
        Assert.DoesNotContain(Documents.Where(d => d["kind"].Text == "Service"), s => s["spec"]["selector"].Entries.All(l => labels.Contains((l.Key, l.Value.Text))));
    }

    [Fact]
    public void What_a_replica_left_on_its_claim_is_shipped_by_a_job_that_nobody_starts_unasked()
    {
        var job = Assert.Single(Yaml.ReadAll(Path.Combine(Folder, "by-hand", "ship-spool.yaml")));
        var (pod, container) = (job["spec"]["template"], job["spec"]["template"]["spec"]["containers"].Items.Single());
        var labels = pod["metadata"]["labels"].Entries.Select(l => (l.Key, l.Value.Text)).ToHashSet();
        var gateway = Workloads.Single(w => w["metadata"]["name"].Text == "mcpledger-gateway");

        Assert.Equal(gateway["spec"]["template"]["spec"]["containers"].Items.Single()["image"].Text, container["image"].Text);
        Assert.Equal(["spool", "ship", container["volumeMounts"].Items.First(m => m["name"].Text == "lost")["mountPath"].Text], container["args"].Texts);
        Assert.StartsWith(
            $"{gateway["spec"]["volumeClaimTemplates"].Items.Single()["metadata"]["name"].Text}-mcpledger-gateway-",
            pod["spec"]["volumes"].Items.Single(v => v["name"].Text == "lost")["persistentVolumeClaim"]["claimName"].Text,
            StringComparison.Ordinal);
        Assert.Contains(Documents, d => d["kind"].Text == "NetworkPolicy" && d["spec"]["egress"].Exists && d["spec"]["podSelector"]["matchLabels"].Entries.All(l => labels.Contains((l.Key, l.Value.Text))));
        Assert.DoesNotContain(Documents, d => d["kind"].Text == "Service" && d["spec"]["selector"].Entries.All(l => labels.Contains((l.Key, l.Value.Text))));
    }

    [Fact]
    public void Gateways_find_each_other_by_a_headless_name()
    {
        var config = Config();
        var gateway = Workloads.Single(w => w["metadata"]["name"].Text == "mcpledger-gateway");
        var headless = Documents.Single(d => d["kind"].Text == "Service" && d["metadata"]["name"].Text == config.Peers.Dns!.Host);
        Assert.Equal("None", headless["spec"]["clusterIP"].Text);
        Assert.Equal(headless["metadata"]["name"].Text, gateway["spec"]["serviceName"].Text);
        Assert.Equal("StatefulSet", gateway["kind"].Text);
        Assert.NotEmpty(gateway["spec"]["volumeClaimTemplates"].Items);
    }

    [Fact]
    public void Every_role_has_time_to_end_in_order()
    {
        var roles = Containers.Where(c => c.Container["args"].Texts.Contains("--role")).ToList();
        Assert.Equal(3, roles.Count);
        Assert.All(roles, role => Assert.True(role.Pod["spec"]["terminationGracePeriodSeconds"].Seconds > Ending.Longest(Config()).TotalSeconds, role.Name));
    }

    [Fact]
    public void No_secret_is_written_down() => Assert.Empty(Documents.Where(d => d["kind"].Text == "Secret" || d["stringData"].Exists));

    private static ConfigFile Config() => ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", ConfigText).File!;
}
