using System.Net.Http.Headers;
using System.Net.Http.Json;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Access;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Host.Tests.Running;

/// <summary>The whole process on a free port, in a folder of its own.</summary>
public sealed class RunningHost : IAsyncLifetime
{
    private const string Yaml = "ledger: { data: data }\nlisten: { url: 'http://127.0.0.1:0' }\nservers: { one: { url: 'http://127.0.0.1:9/mcp' } }\nrules: [{ id: all, allow: {} }]\n";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-host-");
    private LedgerRoom? _room;
    private WebApplication? _app;
    private string _yaml = Yaml;

    /// <summary>What it runs; to be said before it starts.</summary>
    internal HostRoles Roles { get; init; } = HostRoles.All;

    internal string Data => Path.Combine(_folder.FullName, "data");

    internal string ConfigPath => Path.Combine(_folder.FullName, "mcpledger.yaml");

    internal string AdminSecret => AdminToken.Read(Data)!;

    internal Uri Url => Listening.LocalAddress(_app!.Urls.First());

    internal T Get<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        WriteConfig(_yaml);
        var config = ConfigReader.Read(ConfigPath).Config!;
        _room = LedgerRoom.Open(config, HostRoles.All);
        _app = UpHost.Build(config, _room, Roles, null);
        if (Roles.HasFlag(HostRoles.Gateway))
        {
            Assert.True(await Get<GatewayConfigSource>().PublishAsync(config.Gateway, "start", CancellationToken.None));
        }

        await _app.StartAsync();
        while (Get<ApiKeys>().Check() is not null)
        {
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.EndAsync(TimeSpan.FromSeconds(5));
        await _app!.DisposeAsync();
        await _room!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Changes what it will start with.</summary>
    internal void Extend(string part, string by) => _yaml = _yaml.Replace(part, by, StringComparison.Ordinal);

    internal void WriteConfig(string yaml) => File.WriteAllText(ConfigPath, yaml);

    internal HttpClient Client(string? bearer)
    {
        var client = new HttpClient { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }

    /// <summary>Makes a key and waits until it is in force.</summary>
    internal async Task<(string Id, string Secret)> KeyAsync(string? role, string? principal)
    {
        using var admin = Client(AdminSecret);
        using var answer = await admin.PostAsJsonAsync("api/v1/keys", new { Role = role, Principal = principal });
        var made = await answer.Content.ReadFromJsonAsync<KeyMade>();
        while (!Get<ApiKeys>().Ring.Keys.Any(k => k.Key == made!.Id))
        {
            await Task.Yield();
        }

        return (made!.Id, made.Secret);
    }
}
