using McpLedger.EndToEnd.Tests.Stage;

namespace McpLedger.EndToEnd.Tests;

/// <summary>A process that is told to end looks unready and goes on serving, so that a balancer can look away first.</summary>
[Collection(BackstageCollection.Name)]
public sealed class EndingTests(Backstage backstage)
{
    [Fact]
    public async Task After_the_first_signal_calls_still_pass_and_after_the_second_it_ends()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.ConfigFor("sample", backstage.Sample).Replace("listen:\n", "listen:\n  drain: 10m\n", StringComparison.Ordinal));
        using var wire = gateway.Wire("sample");
        using var http = new HttpClient { BaseAddress = gateway.Instance.Address };
        Assert.Equal(200, (int)(await http.GetAsync("readyz")).StatusCode);

        gateway.Instance.Process.Terminate();
        while ((int)(await http.GetAsync("readyz")).StatusCode != 503)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        var answer = await wire.CallAsync(1, "clock");
        Assert.True(answer.Status == 200, answer.Body);
        Assert.False(gateway.Instance.Process.HasExited);
        Assert.Equal(0, await gateway.Instance.Process.StopAsync());
    }
}
