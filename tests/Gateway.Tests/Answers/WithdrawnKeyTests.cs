using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Gateway.Tests.Answers;

/// <summary>Streams that stand open when the key that opened them is taken back.</summary>
public sealed class WithdrawnKeyTests
{
    private const string Reason = "The key that opened the stream was revoked or expired, which ended it.";
    private const string Late = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/late\",\"params\":{}}";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_on_which_nothing_comes_ends_with_its_key(bool isGet)
    {
        var message = new TaskCompletionSource();
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false });
        var key = await gateway.CreateKeyAsync("alice");
        using var response = await OpenAsync(gateway, key, isGet, message.Task);

        await RevokeAsync(gateway, key);

        await EndsAsync(gateway, response, isGet);
        message.SetResult();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_comes_after_its_key_was_taken_back_does_not_pass(bool isGet)
    {
        var message = new TaskCompletionSource();
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false }, "gw-1", keys: null, services => services.AddSingleton<TimeProvider>(new UnhurriedTime()));
        var key = await gateway.CreateKeyAsync("alice");
        using var response = await OpenAsync(gateway, key, isGet, message.Task);

        await RevokeAsync(gateway, key);
        message.SetResult();

        await EndsAsync(gateway, response, isGet);
        Assert.Equal([Reason, Reason], (await gateway.CallsAsync()).OfType<MessageRelayed>().Select(relayed => relayed.Dropped));
    }

    [Fact]
    public async Task Another_key_ends_no_stream_of_its_principals()
    {
        var message = new TaskCompletionSource();
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false });
        var (key, other) = (await gateway.CreateKeyAsync("alice"), await gateway.CreateKeyAsync("alice"));
        using var response = await OpenAsync(gateway, key, isGet: true, message.Task);

        await RevokeAsync(gateway, other);
        message.SetResult();

        await gateway.RecordedAsync<MessageRelayed>(relayed => relayed.Dropped is null);
        Assert.Empty((await gateway.CallsAsync()).OfType<CallCompleted>());
    }

    private static async Task EndsAsync(GatewayHarness gateway, HttpResponseMessage response, bool isGet)
    {
        var text = await response.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromMinutes(2));
        var completed = await gateway.RecordedAsync<CallCompleted>(_ => true);
        Assert.Equal((isGet ? CallOutcome.Ok : CallOutcome.Cancelled, Reason), (completed.Outcome, completed.Reason));
        Assert.DoesNotContain("notifications/late", text, StringComparison.Ordinal);
        Assert.Equal(!isGet, text.Contains("\"id\":7,\"error\":{\"code\":-31401", StringComparison.Ordinal));
    }

    private static async Task RevokeAsync(GatewayHarness gateway, string key)
    {
        var id = key.Split('_')[1];
        await gateway.AppendControlAsync(new KeyRevoked(id, "test"));
        var control = gateway.Get<ControlState>();
        await Eventually.TrueAsync(() => control.Keys.Keys.All(each => each.Key != id));
    }

    private static async Task<HttpResponseMessage> OpenAsync(GatewayHarness gateway, string key, bool isGet, Task message)
    {
        gateway.Upstream.Answer = async (http, _) =>
        {
            await FakeServer.WriteEvents(http, ": ping\n\n");
            await message.WaitAsync(http.RequestAborted);
            await FakeServer.WriteEvents(http, Wire.Event(Late) + Wire.Event(Late));
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        using var request = isGet ? Wire.Send(HttpMethod.Get, "demo", Wire.Legacy) : Wire.Post("demo", Wire.Request("7", "subscriptions/listen"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        var response = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        return response;
    }

    /// <summary>The system's clock, on which nothing is done again and again.</summary>
    private sealed class UnhurriedTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, period == Timeout.InfiniteTimeSpan ? dueTime : Timeout.InfiniteTimeSpan, period);
    }
}
