using System.Net;
using System.Net.Http.Json;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Running;

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
}
