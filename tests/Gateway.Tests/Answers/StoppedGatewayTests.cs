using McpLedger.Contracts.Events;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Gateway.Tests.Answers;

/// <summary>Streams that stand open while the gateway stops: what ends them is told apart from a client that hangs up.</summary>
public sealed class StoppedGatewayTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_the_gateway_ends_is_not_the_clients_doing(bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var response = await OpenAsync(gateway, isGet);

        gateway.Get<IHostApplicationLifetime>().StopApplication();

        var completed = await gateway.RecordedAsync<CallCompleted>(_ => true);
        Assert.Equal((isGet ? CallOutcome.Ok : CallOutcome.Cancelled, "The gateway was stopped, which ended the stream."), (completed.Outcome, completed.Reason));
        Assert.Equal(!isGet, (await response.Content.ReadAsStringAsync()).Contains("\"id\":7,\"error\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_hangs_up_is_still_said_to(bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        (await OpenAsync(gateway, isGet)).Dispose();

        Assert.Contains("client closed", (await gateway.RecordedAsync<CallCompleted>(_ => true)).Reason, StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> OpenAsync(GatewayHarness gateway, bool isGet)
    {
        gateway.Upstream.Answer = async (http, _) =>
        {
            await FakeServer.WriteEvents(http, ": ping\n\n");
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        var response = await gateway.Client.SendAsync(isGet ? Wire.Send(HttpMethod.Get, "demo", Wire.Legacy) : Wire.Post("demo", Wire.Request("7", "subscriptions/listen")), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        return response;
    }
}
