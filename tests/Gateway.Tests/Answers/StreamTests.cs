using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Gateway.Tests.Answers;

public sealed class StreamTests
{
    private const string Progress = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1}}";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task A_stream_passes_byte_for_byte_however_it_is_cut(int size)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var stream = ": keep-alive\n\nid: 1\nretry: 500\ndata:\n\r\nevent: message\r\ndata: " + Progress + "\r\n\r\nid: 2\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"id\":7,\"result\":{\"x\":\"\u00e9\"}}\n\n";
        var bytes = Encoding.UTF8.GetBytes(stream);
        gateway.Upstream.Answer = async (http, _) =>
        {
            http.Response.ContentType = "text/event-stream";
            for (var at = 0; at < bytes.Length; at += size)
            {
                await http.Response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
                await http.Response.Body.FlushAsync();
            }
        };

        Assert.Equal(stream, await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200));

        var events = await gateway.CallsAsync();
        Assert.Collection(events, e => Assert.IsType<CallIntended>(e), e => Assert.Equal(Progress, Assert.IsType<MessageRelayed>(e).Message.Json.ToString()), e => Assert.IsType<CallCompleted>(e));
        Assert.Equal(new StreamSummary(2, bytes.Length, Digest.Of(bytes)), ((CallCompleted)events[2]).Stream);
    }

    [Fact]
    public async Task An_event_passes_before_the_next_one_comes()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var proceed = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, _) =>
        {
            await FakeServer.WriteEvents(http, Wire.Event(Progress));
            await proceed.Task;
            await FakeServer.WriteEvents(http, Wire.Event(Wire.Result("7", "\"a\":1")));
        };

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("7", "echo")), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("event: message", await reader.ReadLineAsync());
        Assert.Equal("data: " + Progress, await reader.ReadLineAsync());
        Assert.DoesNotContain(await gateway.CallsAsync(), e => e is CallCompleted);
        proceed.SetResult();
        Assert.Contains("\"a\":1", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_modern_client_that_hangs_up_cancels_its_call()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var aborted = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, _) =>
        {
            http.RequestAborted.Register(aborted.SetResult);
            await FakeServer.WriteEvents(http, Wire.Event(Progress));
            await aborted.Task;
        };
        using (var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("7", "echo")), HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(200, (int)response.StatusCode);
        }

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(CallOutcome.Cancelled, (await gateway.RecordedAsync<CallCompleted>(_ => true)).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_legacy_client_that_hangs_up_cancels_nothing_and_the_answer_is_recorded(bool isStream)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var proceed = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, _) =>
        {
            await proceed.Task;
            await (isStream ? FakeServer.WriteEvents(http, Wire.Event(Wire.Result("7", "\"a\":1"))) : FakeServer.WriteJson(http, 200, Wire.Result("7", "\"a\":1")));
        };
        using var gone = new CancellationTokenSource();
        var sending = gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.LegacyRequest("7", "tools/call", "\"name\":\"echo\""), Wire.Legacy), gone.Token);
        await Eventually.TrueAsync(() => !gateway.Upstream.Requests.IsEmpty);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Task.Delay(200);
        proceed.SetResult();

        var completed = await gateway.RecordedAsync<CallCompleted>(_ => true);
        Assert.Equal(CallOutcome.ClientGone, completed.Outcome);
        Assert.Contains("\"a\":1", completed.Response!.Json.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscription_may_be_silent_longer_than_a_call()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { IdleTimeout = TimeSpan.FromMilliseconds(50) }),
        });
        gateway.Upstream.Answer = async (http, _) =>
        {
            await FakeServer.WriteEvents(http, Wire.Event("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{}}"));
            await Task.Delay(300);
            await FakeServer.WriteEvents(http, Wire.Event(Wire.Result("7", "\"done\":1")));
        };

        Assert.Contains("done", await gateway.TextAsync(Wire.Post("demo", Wire.Request("7", "subscriptions/listen")), 200), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_head_of_a_slow_stream_does_not_wait_for_its_first_message()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var proceed = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, _) =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.FlushAsync();
            await proceed.Task;
            await FakeServer.WriteEvents(http, Wire.Event(Wire.Result("7", "\"a\":1")));
        };

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("7", "echo")), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        proceed.SetResult();
        Assert.Contains("\"a\":1", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ping", "ping", false)]
    [InlineData("ping", "ping", true)]
    [InlineData("x", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\",\"other\":1}}", false)]
    [InlineData("x", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\",\"other\":1}}", true)]
    public async Task An_event_of_another_type_brings_no_message_and_passes_as_a_blank_comment(string type, string data, bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var (other, message) = ($"event: {type}\ndata: {data}\n\n", Wire.Event(isGet ? Progress : Wire.Result("7", "\"a\":1")));
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, other, other, message);

        Assert.Equal(":\n\n:\n\n" + message, await AskAsync(gateway, isGet));

        var events = await gateway.CallsAsync();
        var completed = events.OfType<CallCompleted>().Single();
        Assert.Equal((CallOutcome.Ok, 1), (completed.Outcome, completed.Stream!.Messages));
        Assert.DoesNotContain("other", Screening.Screened.Text(completed.Response), StringComparison.Ordinal);
        var dropped = events.OfType<MessageRelayed>().Single(relayed => relayed.Dropped is not null);
        Assert.Equal((data, null), (Screening.Screened.Text(dropped.Message), dropped.Outcome));
        Assert.Contains("type", dropped.Dropped, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_place_in_the_stream_that_an_event_of_another_type_tells_passes_without_its_data(bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var message = Wire.Event(isGet ? Progress : Wire.Result("7", "\"a\":1"));
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, "event: ping\nid: 4\n: beside\nretry: 9\ndata: ping\n\n", message);

        Assert.Equal("id: 4\nevent: ping\nretry: 9\ndata: \n\n" + message, await AskAsync(gateway, isGet));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_type_is_that_of_a_message(bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var message = "event:\ndata: " + (isGet ? Progress : Wire.Result("7", "\"a\":1")) + "\n\n";
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, message);

        Assert.Equal(message, await AskAsync(gateway, isGet));

        Assert.Equal(1, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Stream!.Messages);
    }

    private static Task<string> AskAsync(GatewayHarness gateway, bool isGet) =>
        gateway.TextAsync(isGet ? Wire.Send(HttpMethod.Get, "demo", Wire.Legacy) : Wire.Post("demo", Wire.Call("7", "echo")), 200);
}
