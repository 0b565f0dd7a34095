using System.Net.Http.Json;
using McpLedger.Contracts.Events;
using McpLedger.Gateway;
using McpLedger.Gateway.Control;
using McpLedger.Host.Running;
using McpLedger.Streaming;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Host.Tests.Running;

/// <summary>A release is recorded whatever is held, and says what it lifts.</summary>
public sealed class ReleaseTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task A_release_of_what_nothing_holds_is_recorded_and_says_so()
    {
        var freed = await ReleaseAsync(new("adda", null, null, null));

        Assert.True(freed is { WasHeld: false }, freed.Held);
        Assert.Contains("Nothing was held under the principal 'adda'", freed.Held, StringComparison.Ordinal);
        Assert.Contains(await ReleasedAsync(host.Get<ILedgerReader>()), released => released.Principal == "adda");
    }

    [Fact]
    public async Task A_release_says_what_it_lifts_and_what_still_holds()
    {
        var stop = new PrincipalStopped { Principal = "bob", Reason = "It repeats itself.", By = "test" };
        foreach (var stopped in new[] { stop, stop with { Session = "s-1" } })
        {
            Assert.True(await host.Get<ControlLog>().TryAppendAsync("bob", stopped, CancellationToken.None));
        }

        while (host.Get<HeldPrincipals>().Of("bob") is not { Count: 2 })
        {
            await Task.Yield();
        }

        var freed = await ReleaseAsync(new("bob", null, "s-1", null));

        Assert.Equal((true, "Lifted: the session 's-1'. Still held: the whole principal."), (freed.WasHeld, freed.Held));
    }

    [Fact]
    public async Task A_gateway_that_has_not_read_the_control_log_to_its_end_refuses_no_release()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var unread = new ServiceCollection();
        unread.AddGateway(new() { Instance = "gw-1", Source = "/gateway/gw-1/1", SessionKeyFile = Path.Combine(ledger.Folder, "sessions.key"), ChildFolder = Path.Combine(ledger.Folder, "children") });
        await using var services = unread.BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };

        var answer = await FindingEndpoints.ReleaseAsync(new("ada", null, null, null), context, new ControlLog(ledger.Ledger, "/host/gw-1/1", TimeProvider.System));

        var freed = Assert.IsType<JsonHttpResult<PrincipalFreed>>(answer).Value!;
        Assert.True(freed is { WasHeld: null }, freed.Held);
        Assert.Contains("not known here", freed.Held, StringComparison.Ordinal);
        Assert.Equal("ada", Assert.Single(await ReleasedAsync(ledger.Ledger)).Principal);
    }

    private static async Task<IReadOnlyList<PrincipalReleased>> ReleasedAsync(ILedgerReader ledger)
    {
        var records = await TemporaryLedger.ReadAllAsync(ledger, LedgerPartition.Control, 0);
        return [.. records.Select(record =>
        {
            Assert.True(EventReader.TryRead(record.Bytes.Span, out var read, out var fault), fault);
            return read!.Data;
        }).OfType<PrincipalReleased>()];
    }

    private async Task<PrincipalFreed> ReleaseAsync(ReleaseRequest request)
    {
        while (host.Get<GatewayReadiness>().Check() is not null)
        {
            await Task.Yield();
        }

        using var admin = host.Client(host.AdminSecret);
        using var answer = await admin.PostAsJsonAsync("api/v1/principals/release", request);
        Assert.Equal(200, (int)answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<PrincipalFreed>())!;
    }
}
