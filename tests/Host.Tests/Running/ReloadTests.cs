using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Testing.Certificates;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Running;

public sealed class ReloadTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task A_broken_file_is_refused_with_all_its_errors_and_the_old_one_stays()
    {
        var before = host.Get<GatewayConfigSource>().Current;
        var good = await File.ReadAllTextAsync(host.ConfigPath);
        host.WriteConfig("servers: { two: { url: nowhere } }\nrulez: []\nlimits: { depth: deep }\n");
        using var admin = host.Client(host.AdminSecret);

        using var answer = await admin.PostAsync("api/v1/reload", null);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        var outcome = await answer.Content.ReadFromJsonAsync<ReloadOutcome>();
        Assert.Equal(["servers.two.url", "rulez", "limits.depth"], outcome!.Errors.Select(e => e.Path));
        Assert.Same(before, host.Get<GatewayConfigSource>().Current);
        host.WriteConfig(good);
    }

    [Fact]
    public async Task A_model_that_cannot_be_read_changes_nothing_and_is_said()
    {
        var before = host.Get<GatewayConfigSource>().Current;
        var good = await File.ReadAllTextAsync(host.ConfigPath);
        var folder = Directory.CreateTempSubdirectory("mcpl-model-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "model.json"), "{}");
        host.WriteConfig($"{good}\nscreening: {{ model: '{folder.FullName}' }}\n");

        var outcome = await host.Get<ConfigReload>().ReloadAsync("test", CancellationToken.None);

        Assert.Equal("screening.model", Assert.Single(outcome.Errors).Path);
        Assert.Same(before, host.Get<GatewayConfigSource>().Current);
        host.WriteConfig(good);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Headers_that_collide_are_told_to_whoever_asks_for_a_reload()
    {
        var good = await File.ReadAllTextAsync(host.ConfigPath);
        host.WriteConfig(good.Replace("9/mcp'", "9/mcp', headers: { X-Team: blue, x-team: red }", StringComparison.Ordinal));
        using var admin = host.Client(host.AdminSecret);

        using var answer = await admin.PostAsync("api/v1/reload", null);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("servers.one.headers.x-team", Assert.Single((await answer.Content.ReadFromJsonAsync<ReloadOutcome>())!.Errors).Path);
        host.WriteConfig(good);
    }

    [Fact]
    public async Task What_nobody_foresaw_is_told_as_well_and_the_next_reload_is_not_held_up()
    {
        var current = host.Get<ConfigReload>().Current;
        var fails = true;
        using var reload = new ConfigReload(current, HostRoles.All, (_, _, _) => fails ? throw new ArgumentException("an odd one") : Task.FromResult(true), host.Get<HostTelemetry>(), null);

        var outcome = await reload.ReloadAsync("SIGHUP", CancellationToken.None);
        fails = false;

        Assert.False(outcome.InForce);
        Assert.Contains("an odd one", Assert.Single(outcome.Errors).Problem, StringComparison.Ordinal);
        Assert.True((await reload.ReloadAsync("SIGHUP", CancellationToken.None)).InForce);
    }

    [Theory]
    [InlineData("detection: { perHour: 7 }", "detection")]
    [InlineData("detection: { labels: [flagged, can-send-out] }", "detection")]
    [InlineData("limits: { depth: 32 }\nservers: { one: { url: 'http://127.0.0.1:9/mcp' }, two: { command: sh } }", "limits.depth")]
    [InlineData("limits: { depth: 32 }", "")]
    public async Task What_is_read_once_at_the_start_is_said_to_need_another(string more, string key)
    {
        var good = await File.ReadAllTextAsync(host.ConfigPath);
        host.WriteConfig($"{(more.Contains("servers:", StringComparison.Ordinal) ? string.Join('\n', good.Split('\n').Where(l => !l.StartsWith("servers:", StringComparison.Ordinal))) : good)}\n{more}\n");

        var outcome = await host.Get<ConfigReload>().ReloadAsync("test", CancellationToken.None);

        Assert.True(outcome.InForce, string.Join('\n', outcome.Errors));
        Assert.Equal(key.Length == 0 ? [] : [key], outcome.NeedsRestart);
        host.WriteConfig(good);
        await host.Get<ConfigReload>().ReloadAsync("test", CancellationToken.None);
    }

    [Fact]
    public async Task Sections_with_lists_that_did_not_change_need_no_restart()
    {
        const string Yaml = """
            ledger: { data: data, durable: quorum }
            instance: one
            kafka: { bootstrap: ["127.0.0.1:9092", "127.0.0.1:9093"] }
            postgres: { connection: "Host=127.0.0.1;Database=x" }
            search: { urls: ["http://127.0.0.1:9200"] }
            rules: [{ id: all, allow: {} }]
            """;
        var folder = Directory.CreateTempSubdirectory("mcpl-reload-");
        var path = Path.Combine(folder.FullName, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, Yaml);
        var read = ConfigReader.Read(path);
        Assert.True(read.Config is not null, string.Join('\n', read.Faults));
        using var reload = new ConfigReload(read.Config, HostRoles.All, (_, _, _) => Task.FromResult(true), host.Get<HostTelemetry>(), null);

        var same = await reload.ReloadAsync("test", CancellationToken.None);
        await File.WriteAllTextAsync(path, Yaml.Replace("9093", "9094", StringComparison.Ordinal));
        var changed = await reload.ReloadAsync("test", CancellationToken.None);

        Assert.Empty(same.NeedsRestart);
        Assert.Equal(["kafka"], changed.NeedsRestart);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_good_file_takes_effect_and_what_needs_a_restart_is_named()
    {
        var good = await File.ReadAllTextAsync(host.ConfigPath);
        host.WriteConfig(good.Replace("one:", "another:", StringComparison.Ordinal).Replace("data: data", "data: data, quota: 1GiB", StringComparison.Ordinal));
        using var admin = host.Client(host.AdminSecret);

        var outcome = await (await admin.PostAsync("api/v1/reload", null)).Content.ReadFromJsonAsync<ReloadOutcome>();

        Assert.True(outcome!.InForce);
        Assert.Equal(["another"], host.Get<GatewayConfigSource>().Current.Servers.Keys);
        Assert.Equal(["ledger"], outcome.NeedsRestart);
        host.WriteConfig(good);
        await host.Get<ConfigReload>().ReloadAsync("test", CancellationToken.None);
    }

    [Fact]
    public async Task A_role_that_takes_none_says_so_and_who_does()
    {
        await using var other = new RunningHost { Roles = HostRoles.Pipeline | HostRoles.Projections };
        await other.InitializeAsync();
        using var admin = other.Client(other.AdminSecret);

        using var answer = await admin.PostAsync("api/v1/reload", null);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("a gateway", (await answer.Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonObject>())!["detail"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewed_certificate_is_the_one_that_whoever_comes_next_is_shown()
    {
        using var authority = new TestCertificates();
        using var folder = new TemporaryFolder();
        Renew();
        var path = Path.Combine(folder.Path, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, "listen: { url: 'https://127.0.0.1:0', tls: { certificate: cert.pem, key: key.pem } }\nrules: [{ id: all, allow: {} }]\n");
        var config = ConfigReader.Read(path).Config!;
        using var first = TlsCertificate.Load(config)!;
        var served = new ServedCertificate(first, host.Get<HostTelemetry>());
        var told = new List<string>();
        served.Tell(told.Add);
        using var reload = new ConfigReload(config, HostRoles.All, (_, _, _) => Task.FromResult(true), host.Get<HostTelemetry>(), served);

        var same = await reload.ReloadAsync("test", CancellationToken.None);
        Assert.Equal((true, first.Digest), (same.InForce, served.Digest));
        Renew();
        var renewed = await reload.ReloadAsync("test", CancellationToken.None);

        Assert.True(renewed.InForce);
        Assert.Empty(renewed.NeedsRestart);
        Assert.NotEqual(first.Digest, served.Digest);
        Assert.Equal([served.Digest], told);
        Assert.Equal(served.Digest, Convert.ToHexStringLower(SHA256.HashData(served.ForHandshake().ServerCertificateContext!.TargetCertificate.RawData)));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "key.pem"), authority.SignAsPem("another.test").Key);
        Assert.Equal("listen.tls.key", Assert.Single((await reload.ReloadAsync("test", CancellationToken.None)).Errors).Path);

        void Renew()
        {
            var (certificate, key) = authority.SignAsPem("gateway.test");
            File.WriteAllText(Path.Combine(folder.Path, "cert.pem"), certificate);
            File.WriteAllText(Path.Combine(folder.Path, "key.pem"), key);
        }
    }
}
