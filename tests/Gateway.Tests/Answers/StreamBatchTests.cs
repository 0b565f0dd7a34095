using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Answers;

/// <summary>Arrays of messages on a server's stream, which 2025-03-26 has and no other revision.</summary>
public sealed class StreamBatchTests
{
    private const string Batches = "2025-03-26";
    private const string Progress = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1}}";
    private const string Log = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"x\"}}";
    private const string Result = "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[]}}";

    [Theory]
    [InlineData(Progress + ", " + Result)]
    [InlineData(Result + "," + Progress)]
    public async Task An_array_on_a_calls_stream_passes_message_by_message_with_the_answer_last(string messages)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, $"id: 3\nevent: message\nretry: 9\ndata: [{messages}]\n\n");

        Assert.Equal($"event: message\ndata: {Progress}\n\nid: 3\nevent: message\nretry: 9\ndata: {Result}\n\n", await gateway.TextAsync(Call(Batches), 200));

        Assert.Collection(
            await gateway.CallsAsync(),
            e => Assert.IsType<CallIntended>(e),
            e => Assert.Equal((Progress, null), (Assert.IsType<MessageRelayed>(e).Message.Json.ToString(), ((MessageRelayed)e).Dropped)),
            e => Assert.Equal((CallOutcome.Ok, Result, 2L), (Assert.IsType<CallCompleted>(e).Outcome, ((CallCompleted)e).Response!.Json.ToString(), ((CallCompleted)e).Stream!.Messages)));
    }

    [Fact]
    public async Task A_stream_goes_on_after_an_array_without_the_answer()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event($"[{Progress},{Log}]"), Wire.Event(Result));

        Assert.Equal(Wire.Event(Progress) + Wire.Event(Log) + Wire.Event(Result), await gateway.TextAsync(Call(Batches), 200));
    }

    [Fact]
    public async Task A_second_answer_in_an_array_is_recorded_and_passes_to_nobody()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event($"[{Result},{Result.Replace("[]", "[1]", StringComparison.Ordinal)}]"));

        Assert.Equal(Wire.Event(Result), await gateway.TextAsync(Call(Batches), 200));

        var late = await gateway.RecordedAsync<MessageRelayed>(_ => true);
        Assert.Equal("It came after the call's answer.", late.Dropped);
        Assert.Contains("[1]", late.Message.Json.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Batches, "[]")]
    [InlineData(Batches, "[" + Progress + "," + Result)]
    [InlineData(Batches, "[{\"id\":7},{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}]")]
    [InlineData(Wire.Legacy, "[" + Progress + "," + Result + "]")]
    public async Task An_array_that_holds_no_messages_or_is_of_another_revision_fails_the_call(string version, string data)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(data));

        Assert.Contains("could not be read", await gateway.TextAsync(Call(version), 502), StringComparison.Ordinal);

        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Fact]
    public async Task An_array_on_a_GET_stream_passes_message_by_message()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, $"id: 5\ndata: [{Log},{{\"id\":3}},{Result}]\n\n", Wire.Event(Log));

        Assert.Equal(Wire.Event(Log) + "id: 5\n" + Wire.Event(Result) + Wire.Event(Log), await gateway.TextAsync(Wire.Send(HttpMethod.Get, "demo", Batches), 200));

        Assert.Equal(4, (await gateway.RecordedAsync<CallCompleted>(_ => true)).Stream!.Messages);
        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().ToList();
        Assert.Equal([false, true, false, false], relayed.Select(m => m.Dropped is not null));
        Assert.Equal("{\"id\":3}", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(relayed[1].Message.Base64!)));
    }

    [Fact]
    public async Task An_array_that_is_longer_than_the_limit_is_dropped_with_its_bytes_and_the_stream_goes_on()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event($"[{string.Join(',', Enumerable.Repeat(Log, 101))}]"), Wire.Event(Log));

        Assert.Equal(Wire.Event(Log), await gateway.TextAsync(Wire.Send(HttpMethod.Get, "demo", Batches), 200));

        Assert.Contains("more than 100 messages", (await gateway.CallsAsync()).OfType<MessageRelayed>().First().Dropped, StringComparison.Ordinal);
    }

    private static HttpRequestMessage Call(string version) => Wire.PostRaw("demo", Wire.LegacyRequest("7", "tools/call", "\"name\":\"echo\""), version);
}
