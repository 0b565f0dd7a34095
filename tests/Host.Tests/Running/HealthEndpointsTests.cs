using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Streaming;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Host.Tests.Running;

public sealed class HealthEndpointsTests
{
    [Fact]
    public async Task A_stranger_is_told_that_the_ledger_takes_nothing_and_not_why()
    {
        using var folder = new TemporaryFolder();
        var config = ConfigReader.ReadText(Path.Combine(folder.Path, "mcpledger.yaml"), "servers: {}").Config!;
        await using var holder = LedgerRoom.Open(config, HostRoles.All);
        Assert.Equal(LedgerStatus.Ready, holder.Ledger.Health.Status);
        await using var locked = LedgerRoom.Open(config, HostRoles.All);
        Assert.Matches("locked by process [0-9]+", locked.Ledger.Health.Reason);
        await using var app = Build(locked.Ledger);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        using var answer = await client.GetAsync(new Uri("readyz", UriKind.Relative), TestContext.Current.CancellationToken);

        var said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Contains("ledger: ", said, StringComparison.Ordinal);
        Assert.DoesNotMatch("[0-9]", said);
    }

    [Fact]
    public async Task Read_models_whose_database_does_not_answer_are_named_and_take_no_replica_from_its_balancer()
    {
        using var folder = new TemporaryFolder();
        await using var room = LedgerRoom.Open(ConfigReader.ReadText(Path.Combine(folder.Path, "mcpledger.yaml"), "servers: {}").Config!, HostRoles.All);
        var config = ConfigReader.ReadText(
            Path.Combine(folder.Path, "mcpledger.yaml"),
            """
            instance: one
            listen: { url: "http://127.0.0.1:0" }
            kafka: { bootstrap: ["127.0.0.1:1"], partitions: 1 }
            postgres: { connection: "Host=127.0.0.1;Port=1;Database=x;Timeout=1" }
            search: { urls: ["http://127.0.0.1:1"] }
            """).Config!;
        await using var app = UpHost.Build(config, room, HostRoles.Projections, null);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = Listening.LocalAddress(app.Urls.First()) };

        var said = "";
        while (!said.Contains("projections: ", StringComparison.Ordinal) || !said.Contains("search: ", StringComparison.Ordinal))
        {
            using var answer = await client.GetAsync(new Uri("readyz", UriKind.Relative), TestContext.Current.CancellationToken);
            said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode || said.Contains("keys: ", StringComparison.Ordinal), said);
            await Task.Yield();
        }

        Assert.Contains("degraded", said, StringComparison.Ordinal);
        await app.StopAsync(CancellationToken.None);
    }

    private static WebApplication Build(ILedger ledger)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(ledger).AddSingleton(TimeProvider.System).AddSingleton<HostTelemetry>().AddSingleton<Drain>();
        var app = builder.Build();
        app.MapHealth();
        return app;
    }
}
