using McpLedger.Contracts.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_was_never_opened_is_no_failure_of_the_servers(bool isStopped)
    {
        var asked = new TaskCompletionSource();
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) =>
        {
            asked.SetResult();
            return Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        using var hangUp = new CancellationTokenSource();
        using var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy);
        var opening = gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token);
        await asked.Task;

        if (isStopped)
        {
            gateway.Get<IHostApplicationLifetime>().StopApplication();
            Assert.Equal(503, (int)(await opening).StatusCode);
        }
        else
        {
            await hangUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        }

        var completed = await gateway.RecordedAsync<CallCompleted>(_ => true);
        Assert.Equal(
            isStopped ? (CallOutcome.Cancelled, "The gateway was stopped, which ended the stream.") : (CallOutcome.ClientGone, "The client hung up before the server had answered."),
            (completed.Outcome, completed.Reason));
    }

    [Fact]
    public async Task The_end_of_a_session_is_recorded_as_the_server_answered_it_when_its_client_has_gone()
    {
        var (asked, gone) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var gateway = await GatewayHarness.StartAsync(config => config, "gw-1", keys: null, services => services.AddSingleton<IStartupFilter>(new Departures(gone)));
        gateway.Upstream.Answer = async (http, _) =>
        {
            await http.Response.Body.FlushAsync();
            asked.SetResult();
            await gone.Task;
            await http.Response.WriteAsync("bye");
        };
        using var hangUp = new CancellationTokenSource();
        using var request = Wire.Send(HttpMethod.Delete, "demo", Wire.Legacy);
        var ending = gateway.Client.SendAsync(request, hangUp.Token);
        await asked.Task;

        await hangUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ending);
        var completed = await gateway.RecordedAsync<CallCompleted>(_ => true);
        Assert.Equal((CallOutcome.ClientGone, 200, 3L, null), (completed.Outcome, completed.Status, completed.Response!.Size, completed.Reason));
    }

    /// <summary>Tells when a client has gone.</summary>
    private sealed class Departures(TaskCompletionSource gone) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, then) =>
            {
                http.RequestAborted.Register(() => gone.TrySetResult());
                return then(http);
            });
            next(app);
        };
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
