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
